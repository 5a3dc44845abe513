import { expect, it } from 'vitest'
import type { CellRow } from '../src/lib/api'
import { densest } from '../src/map/home'

const cell = (lon: number, lat: number, count: number, known = true): CellRow => ({
  h3: `${lon},${lat}`,
  lon,
  lat,
  count,
  area: known ? { path: 'fr', name: 'France' } : null,
})

it('looks at the fullest region of known areas, however full a place without areas is', () => {
  const [west, south, east, north] = densest([
    cell(-122.6, 45.5, 1e6, false),
    cell(2.3, 48.8, 500),
    cell(4.8, 45.7, 300),
    cell(1.4, 43.6, 200),
    cell(55.5, -21.1, 600),
  ]) as [number, number, number, number]
  expect(west).toBeCloseTo(0.8)
  expect(east).toBeCloseTo(5.4)
  expect(south).toBeCloseTo(43)
  expect(north).toBeCloseTo(49.4)
})

it('takes what there is without any area', () => {
  expect(densest([cell(-122.6, 45.5, 9, false)])?.map((v) => Math.round(v))).toEqual([-123, 45, -122, 46])
  expect(densest([])).toBeUndefined()
})
