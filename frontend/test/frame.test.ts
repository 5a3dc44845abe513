import { describe, expect, it } from 'vitest'
import { addDays, daysBetween } from '../src/lib/day'
import { binRange, binsOf, edge, frameOf, isExact, maxBins, monthsIn, periodOf } from '../src/lib/frame'

const threeYears = { from: '2022-01-01', to: '2024-12-31' }

describe('frameOf', () => {
  it.each([
    [{ from: '2024-05-01', to: '2024-05-01' }, 1, 1],
    [{ from: '2024-01-01', to: '2024-12-31' }, 1, 366],
    [threeYears, 3, 366],
    [{ from: '2005-01-01', to: '2024-12-31' }, 19, 385],
  ])('%o', (extent, days, bins) => {
    const frame = frameOf(extent)
    expect(frame).toEqual({ from: extent.from, days, bins })
    expect(bins).toBeLessThanOrEqual(maxBins)
    expect(edge(frame, bins) > extent.to).toBe(true)
  })
})

it('asks for bins of equal width', () => {
  const bins = binsOf(frameOf(threeYears))
  expect((bins.to - bins.from) / bins.n).toBe(3 * 86_400_000)
  expect(new Date(bins.from).toISOString()).toBe('2021-12-31T23:00:00.000Z')
})

it('gives back the bins of their own period, for every pair of edges', () => {
  const frame = frameOf(threeYears)
  for (let first = 0; first < frame.bins; first += 7) {
    for (let last = first + 1; last <= frame.bins; last += 11) {
      expect(binRange(frame, periodOf(frame, first, last, threeYears))).toEqual([first, last])
    }
  }
  expect(binRange(frame, threeYears)).toEqual([0, frame.bins])
})

it('never gives an empty range', () => {
  const frame = frameOf(threeYears)
  for (let day = threeYears.from; day <= threeYears.to; day = addDays(day, 1)) {
    const [first, last] = binRange(frame, { from: day, to: day })
    expect(last).toBeGreaterThan(first)
    expect(last).toBeLessThanOrEqual(frame.bins)
  }
})

describe('isExact', () => {
  const frame = frameOf(threeYears)
  it('holds for whole bins in winter and the whole extent', () => {
    expect(isExact(frame, threeYears, threeYears)).toBe(true)
    expect(isExact(frame, { from: edge(frame, 2), to: addDays(edge(frame, 9), -1) }, threeYears)).toBe(true)
  })
  it('fails inside a bin and in summer time, when midnight is not on the grid', () => {
    expect(isExact(frame, { from: '2022-01-02', to: '2024-12-31' }, threeYears)).toBe(false)
    const summer = edge(frame, 60)
    expect(daysBetween(frame.from, summer)).toBe(180)
    expect(isExact(frame, { from: summer, to: threeYears.to }, threeYears)).toBe(false)
  })
})

describe('monthsIn', () => {
  const frame = frameOf({ from: '2024-01-01', to: '2024-03-31' }) // a bin a day
  it('spreads a month over its bins and marks hidden ones', () => {
    const { bins, hidden } = monthsIn(frame, [
      { value: '2024-1', count: 62 },
      { value: '2024-2', count: null, hidden: 'below', k: 5 },
      { value: '2024-03', count: 31, hidden: 'withheld' },
    ])
    expect([bins[0], bins[30], bins[31], bins[59], bins[60], bins[90]]).toEqual([2, 2, 0, 0, 1, 1])
    expect(bins.reduce((sum, n) => sum + n, 0)).toBeCloseTo(93)
    expect(hidden).toEqual([
      { from: 31, to: 60 },
      { from: 60, to: 91 },
    ])
  })
  it('cuts months that reach out of the frame, and is empty without months or frame', () => {
    expect(monthsIn(frame, [{ value: '2023-12', count: 31 }]).bins.every((n) => n === 0)).toBe(true)
    expect(monthsIn(frame, [])).toEqual({ bins: [], hidden: [] })
    expect(monthsIn(undefined, [{ value: '2024-1', count: 1 }])).toEqual({ bins: [], hidden: [] })
  })
})
