import { describe, expect, it } from 'vitest'
import { addDays, dayOf, daysBetween, isDay, midnight } from '../src/lib/day'

describe('midnight', () => {
  it.each([
    ['2024-01-15', '2024-01-14T23:00:00.000Z'], // winter
    ['2024-07-14', '2024-07-13T22:00:00.000Z'], // summer
    ['2024-03-31', '2024-03-30T23:00:00.000Z'], // the day of 23 h starts in winter time
    ['2024-04-01', '2024-03-31T22:00:00.000Z'],
    ['2024-10-27', '2024-10-26T22:00:00.000Z'], // the day of 25 h starts in summer time
    ['2024-10-28', '2024-10-27T23:00:00.000Z'],
    ['1970-01-01', '1969-12-31T23:00:00.000Z'],
  ])('%s', (day, instant) => {
    expect(new Date(midnight(day)).toISOString()).toBe(instant)
    expect(dayOf(midnight(day))).toBe(day)
    expect(dayOf(midnight(day) - 1)).toBe(addDays(day, -1))
  })
})

it('counts days over leap years and changes of hour', () => {
  expect(addDays('2024-02-28', 2)).toBe('2024-03-01')
  expect(daysBetween('2024-01-01', '2025-01-01')).toBe(366)
  expect(daysBetween('2024-03-30', '2024-04-01')).toBe(2)
})

it.each(['2024-02-30', '2024-13-01', '24-01-01', '', '2024-01-01T00:00:00Z'])('refuses %s', (text) => {
  expect(isDay(text)).toBe(false)
})
