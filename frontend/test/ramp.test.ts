import { describe, expect, it } from 'vitest'
import { classes, colours, limits, outline, rgb, spreadOf, type Theme } from '../src/map/ramp'

it.each([0, 1, 2, 5, 6, 30, 1234, 1e6])('limits rise from 1 for data up to %i', (top) => {
  const result = limits({ low: 1, top })
  expect(result).toHaveLength(classes)
  expect(result[0]).toBe(1)
  for (let i = 1; i < classes; i++) expect(result[i]).toBeGreaterThan(result[i - 1])
  for (const limit of result) expect(Number.isInteger(limit)).toBe(true)
})

it.each([
  [1, 1500, [1, 3, 10, 40, 150, 400]],
  [30, 5000, [1, 10, 40, 150, 400, 1500]],
  [8, 8, [1, 3, 4, 5, 6, 7]],
])('limits for %i to %i are round', (low, top, want) => expect(limits({ low, top })).toEqual(want))

it('a freak does not set the scale', () => expect(spreadOf([9, 1e6, 10, 8, 11, 7], 6)).toEqual({ low: 7, top: 8 }))

it('guesses the low end of a list that was cut, and knows an empty one', () => {
  expect(spreadOf([60, 50, 40, 30, 20], 50)).toEqual({ low: 2, top: 20 })
  expect(spreadOf([], 0)).toEqual({ low: 1, top: 1 })
})

// WCAG relative luminance.
const luminance = (hex: string) => {
  const [r, g, b] = rgb(hex).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const contrast = (a: string, b: string) => {
  const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m)
  return (x + 0.05) / (y + 0.05)
}

describe.each<[Theme, string]>([
  ['day', '#f7f6f2'],
  ['night', '#121922'],
])('%s', (theme, land) => {
  it('changes lightness one way, so that order survives without colour', () => {
    const values = colours(theme).map(luminance)
    const sign = theme === 'day' ? -1 : 1
    for (let i = 1; i < values.length; i++) expect(sign * (values[i] - values[i - 1])).toBeGreaterThan(0)
  })
  it('outlines hold 3:1 against the land', () => expect(contrast(outline(theme), land)).toBeGreaterThanOrEqual(3))
})
