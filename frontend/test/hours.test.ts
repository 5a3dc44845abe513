import { expect, it } from 'vitest'
import { crossed, crossing, formatHours, hourOfWeek, hoursOfDay, parseHours, toggleHours } from '../src/lib/hours'

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

it('crosses days with hours, and finds the crossing again', () => {
  const weekendNights = crossed({ days: [5, 6], hours: [22, 23] })
  expect(formatHours(weekendNights)).toBe('142-143,166-167')
  expect(crossing(weekendNights)).toEqual({ days: [5, 6], hours: [22, 23] })
  expect(crossed({ days: [4], hours: [] }).size).toBe(24)
  expect(crossing(crossed({ days: [4], hours: [] }))).toEqual({ days: [4], hours: [] })
  expect(crossing(crossed({ days: [], hours: [8] }))).toEqual({ days: [], hours: [8] })
  expect(crossed({ days: [], hours: [] }).size).toBe(0)
  expect(crossing(new Set())).toEqual({ days: [], hours: [] })
  expect(crossing(new Set([0, 25]))).toBeUndefined()
})
