import { describe, expect, it } from 'vitest'
import { fr } from '../src/i18n/fr'
import { en } from '../src/i18n/en'
import { frequencyOf } from '../src/forecasts/frequency'
import {
  busiest,
  daysOf,
  figure,
  freshness,
  frequencyText,
  horizonText,
  hourOf,
  periodText,
  yearBefore,
} from '../src/forecasts/say'
import { newest } from '../src/forecasts/shelf.svelte'
import type { Listed, Offer, Value } from '../src/forecasts/types'
import { classOf, colourOf, colours, limitsOf, paint, uncertaintyOf } from '../src/forecasts/vsup'
import { forecastWords } from '../src/forecasts/words'

describe('the value-suppressing palette', () => {
  it.each(['day', 'night'] as const)('has fewer colours as uncertainty rises (%s)', (theme) => {
    const rows = colours.map((_, row) => new Set([...Array(8).keys()].map((value) => colourOf(theme, value, row))))
    expect(rows.map((row) => row.size)).toEqual([8, 4, 2, 1])
    expect(new Set(rows.flatMap((row) => [...row])).size).toBe(15)
  })

  it('keeps the order of luminance within a row', () => {
    const light = (hex: string) => [1, 3, 5].reduce((sum, at) => sum + parseInt(hex.slice(at, at + 2), 16), 0)
    for (const [theme, sign] of [
      ['day', -1],
      ['night', 1],
    ] as const) {
      for (const [row, n] of colours.entries()) {
        const all = Array.from({ length: n }, (_, i) => light(colourOf(theme, (i * 8) / n, row)))
        expect(all).toEqual([...all].sort((a, b) => sign * (a - b)))
      }
    }
  })

  it('puts values and widths into classes by their limits', () => {
    expect([0, 0.99, 1, 2, 4, 99].map((value) => classOf([1, 2, 4], value))).toEqual([0, 0, 1, 2, 3, 3])
    expect([0, 1, 2, 3].map((width) => uncertaintyOf(10, width))).toEqual([0, 0, 1, 2])
    expect(uncertaintyOf(0, 0)).toBe(3)
  })

  it('is never surer of a count than Poisson: more expected is never less sure', () => {
    // Means with the class of their 80 % interval: 0–0, 0–0, 0–1, 0–2, 1–5, 4–10.
    const all = [
      [0.01, 0],
      [0.09, 0],
      [0.2, 2],
      [0.8, 1],
      [3, 1],
      [7, 0],
    ]
    const classes = all.map(([mean, width]) => uncertaintyOf(mean, width))
    expect(classes).toEqual([3, 2, 1, 0, 0, 0])
    expect(classes).toEqual([...classes].sort((a, b) => b - a))
  })

  it.each([
    [1, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]],
    [0.07, [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05]],
    [12, [0.1, 0.2, 0.5, 1, 2, 5, 10]],
    [0, [1, 2, 5, 10, 20, 50, 100]],
    [NaN, [1, 2, 5, 10, 20, 50, 100]],
    [Infinity, [1, 2, 5, 10, 20, 50, 100]],
  ])('finds round limits up to the best value %s', (best, want) => expect(limitsOf(best)).toEqual(want))
  it('finds fewer limits for fewer classes', () => expect(limitsOf(12, 4)).toEqual([2, 5, 10]))

  it('paints by uncertainty first, then by value', () => {
    const [step, width, ...rest] = paint('day', [1, 2, 4], ['get', 'expected'], ['get', 'width']) as unknown[]
    expect([step, width]).toEqual(['step', ['get', 'width']])
    expect(rest.filter((_, i) => i % 2 === 1)).toEqual([1, 2, 3])
  })
})

describe('a rate in plain words', () => {
  // Where every night has one event in three, 1 − e^(−0.36) is 3 out of 10.
  it.each([
    [0.36 * 7, 7, { how: 'share', times: 3, unit: 'day' }],
    [5, 1, { how: 'rate', times: 5, unit: 'day' }],
    [1, 14, { how: 'share', times: 1, unit: 'day' }],
    [0.2, 14, { how: 'share', times: 1, unit: 'week' }],
    [0.01, 7, { how: 'share', times: 4, unit: 'year' }],
    [0.0001, 7, { how: 'rare' }],
    [0, 7, { how: 'rare' }],
    [NaN, 7, undefined],
    [Infinity, 7, undefined],
    [1, 0, undefined],
    [-1, 7, undefined],
  ])('of %s in %s days', (expected, days, want) => expect(frequencyOf(expected, days)).toEqual(want))

  const value = { expected: 0.36 * 7, from: '2026-11-24T00:00:00Z', to: '2026-12-01T00:00:00Z' } as Value
  it('says nights for thefts and days for the rest', () => {
    expect(frequencyText(fr, forecastWords.fr, { name: 'cartheft' }, value)).toBe('3 nuits sur 10')
    expect(frequencyText(en, forecastWords.en, { name: 'cartheft' }, value)).toBe('3 nights out of 10')
    expect(frequencyText(fr, forecastWords.fr, { name: 'accidents' }, value)).toBe('3 jours sur 10')
    expect(frequencyText(fr, forecastWords.fr, { name: 'cartheft' }, { ...value, expected: 0 })).toBe(
      'moins d’une année sur 10',
    )
    expect(frequencyText(fr, forecastWords.fr, { name: 'cartheft' }, { ...value, expected: NaN })).toBe('')
    // Weights are no counts.
    expect(frequencyText(fr, forecastWords.fr, { name: 'accidents', options: { measure: 'severity' } }, value)).toBe('')
  })
})

describe('what is said of a run', () => {
  const [from, to] = ['2026-11-23T23:00:00Z', '2026-12-07T23:00:00Z'] // local midnights
  it('names its days in the zone of the territory', () => {
    expect(daysOf(from, to)).toEqual(['2026-11-24', '2026-12-07'])
    expect(periodText(fr, forecastWords.fr, from, to)).toBe('Prévision du 24 nov. 2026 au 7 déc. 2026')
    expect(yearBefore('cartheft', from, to)).toEqual(['2025-11-24', '2025-12-07'])
    // The same days of the week.
    expect(yearBefore('firestations', from, to)).toEqual(['2025-11-25', '2025-12-08'])
    expect(yearBefore('accidents', '2028-02-28T23:00:00Z', '2028-02-29T23:00:00Z')).toEqual([
      '2027-02-28',
      '2027-02-28',
    ])
  })
  it.each([
    ['2026-11-24T10:00:00Z', 'début aujourd’hui', false],
    ['2026-11-26T10:00:00Z', 'commencée il y a 2 jours', false],
    ['2026-11-20T10:00:00Z', 'commence dans 4 jours', false],
    ['2026-12-08T10:00:00Z', 'Période passée', true],
  ])('on %s', (now, text, over) =>
    expect(freshness(forecastWords.fr, from, to, Date.parse(now))).toEqual({ text, over }),
  )
  it.each([
    ['P14D', '14 jours', '14 days'],
    ['P1M', '1 mois', '1 month'],
    ['P1D', '1 jour', '1 day'],
    ['P1Y', '1 an', '1 year'],
    ['?', '?', '?'],
  ])('names the horizon %s', (horizon, french, english) => {
    expect(horizonText(forecastWords.fr, horizon)).toBe(french)
    expect(horizonText(forecastWords.en, horizon)).toBe(english)
  })
  it('gives two digits that count', () =>
    expect([0, 1e-9, 0.00042, 0.0123, 0.5, 1.26, 12.34, 1234.5].map((n) => figure(en, n))).toEqual([
      '0',
      '< 0.000001',
      '0.00042',
      '0.012',
      '0.5',
      '1.3',
      '12.3',
      '1,235',
    ]))
  it('reads the hour of the week of a link', () =>
    expect(['0', '167', '168', '-1', '1.5', 'x', '', undefined].map(hourOf)).toEqual([
      0,
      167,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]))
  it('finds the busiest hours, the earlier of equals first', () =>
    expect(busiest([0.1, 0.4, 0.4, 0.1], 2)).toEqual([1, 2]))
})

describe('the run that is shown first', () => {
  const run = (run: string, areas: string[], horizon: string, until: string) =>
    ({ run, areas, horizon, until }) as Listed
  const offer = {
    latest: [
      run('a', ['fr.76'], 'P7D', '2026-11-01T00:00:00Z'),
      run('b', ['fr.76'], 'P14D', '2026-11-03T00:00:00Z'),
      run('c', [], 'P7D', '2026-11-02T00:00:00Z'),
    ],
  } as Offer
  it.each([
    [undefined, undefined, 'b'],
    ['fr.76', 'P7D', 'a'],
    ['*', undefined, 'c'],
    ['fr.99', undefined, 'b'],
  ])('of %s, %s', (area, horizon, want) => expect(newest(offer, area, horizon)?.run).toBe(want))
  it('is none where there is none', () =>
    expect(newest({ latest: null } as Offer, undefined, undefined)).toBeUndefined())
})
