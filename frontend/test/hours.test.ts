import { expect, it } from 'vitest'
import { formatHours, hourOfWeek, hoursOfDay, parseHours, toggleHours } from '../src/lib/hours'

it.each(['', '0', '0-5', '8-9,32', '0,2,4,165-167'])('reads and writes %s', (text) => {
  expect(formatHours(parseHours(text) as Set<number>)).toBe(text)
})

it.each(['168', '5-4', 'a', '1,,2', '-1', '1-2-3'])('refuses %s', (text) => expect(parseHours(text)).toBeUndefined())

it('says nothing for the whole week', () => {
  expect(formatHours(new Set(Array.from({ length: 168 }, (_, i) => i)))).toBe('')
})

it('toggles rows and columns', () => {
  const monday = toggleHours(new Set(), hoursOfDay(0))
  expect(formatHours(monday)).toBe('0-23')
  const more = toggleHours(monday, hourOfWeek(8))
  expect(more.size).toBe(30)
  expect(toggleHours(more, hourOfWeek(8)).size).toBe(23)
})
