// What is drawn over the base map for a run: its tiles, painted as facts or as the forecast.
import type { ExpressionSpecification, FilterSpecification, Map as MapLibre } from 'maplibre-gl'
import { colours as factColours, outline, selection, type Theme } from '../map/ramp'
import { firstAbove } from '../map/style'
import type { PlaceKind } from './types'
import { floors, paint } from './vsup'

export type Layer = 'facts' | 'forecast'

const source = 'forecast'
const sourceLayer = 'forecast'

/** The first zoom at which hexagons have outlines. */
const outlined = 11

/** What is to be drawn. */
export interface Drawn {
  layer: Layer
  place: PlaceKind
  theme: Theme
  /** Limits of the classes: of the forecast, and of last year's counts. */
  limits: number[]
  factLimits: number[]
  /** Shares of the profiles at the chosen hour; undefined for the whole week. */
  shares: number[] | undefined
  chosen: string | undefined
}

/** The sources and layers of a run. Called for every style anew. */
export function addLayers(map: MapLibre, tiles: string, place: PlaceKind) {
  const below = map.getLayer(firstAbove) ? firstAbove : undefined
  map.addSource(source, { type: 'vector', tiles: [tiles], minzoom: 0, maxzoom: 14 })
  const common = { source, 'source-layer': sourceLayer }
  if (place === 'lixel') {
    map.addLayer({ id: 'chosen', type: 'line', ...common, layout: { 'line-cap': 'round' } })
    map.addLayer({ id: 'casing', type: 'line', ...common, layout: { 'line-cap': 'round' } })
    map.addLayer({ id: 'values', type: 'line', ...common, layout: { 'line-cap': 'round' } })
  } else if (place === 'unit') {
    map.addLayer({ id: 'values', type: 'circle', ...common })
    map.addLayer({ id: 'chosen', type: 'circle', ...common })
  } else {
    map.addLayer({ id: 'rim', type: 'line', ...common, maxzoom: outlined }, below)
    map.addLayer({ id: 'values', type: 'fill', ...common }, below)
    map.addLayer({ id: 'casing', type: 'line', ...common }, below)
    map.addLayer({ id: 'chosen', type: 'line', ...common })
  }
}

const expected: ExpressionSpecification = ['to-number', ['get', 'expected'], 0]

/** The value that colours a place: what is expected, in all or in the chosen hour of the week. */
export function valueOf(shares: number[] | undefined): ExpressionSpecification {
  if (!shares) return expected
  const profile: ExpressionSpecification = ['to-number', ['get', 'profile'], -1]
  return [
    '*',
    expected,
    ['case', ['>=', profile, 0], ['at', profile, ['literal', shares]], 1 / 168],
  ] as ExpressionSpecification
}

const lastYear: ExpressionSpecification = ['to-number', ['get', 'last_year'], -1]
/** As uncertaintyOf, from the class of the interval that the tiles hold. */
const width = [
  'max',
  ['-', ['to-number', ['get', 'width'], 3], 1],
  ['step', expected, floors.length, ...floors.flatMap((floor, i) => [floor, floors.length - 1 - i])],
] as ExpressionSpecification

function colour({ layer, theme, limits, factLimits, shares }: Drawn): ExpressionSpecification {
  if (layer === 'forecast') return paint(theme, limits, valueOf(shares), width)
  const ramp = factColours(theme)
  return [
    'step',
    lastYear,
    ramp[0],
    ...factLimits.slice(1).flatMap((limit, i) => [limit, ramp[i + 1]]),
  ] as ExpressionSpecification
}

/** Paints the layers as asked. Facts leave places without any fact alone. */
export function draw(map: MapLibre, drawn: Drawn) {
  if (!map.getLayer('values')) return
  const { layer, place, theme, limits, shares, chosen } = drawn
  const value = valueOf(shares)
  const filter: FilterSpecification | null =
    layer === 'facts' ? ['>', lastYear, 0] : ['>', ['to-number', ['get', 'expected'], 0], 0]
  const mark: FilterSpecification = ['==', ['to-string', ['get', 'id']], chosen ?? '']
  const set = (id: string, property: string, value: unknown) =>
    map.setPaintProperty(id, property as 'fill-color', value as string)
  const fill = colour(drawn)
  map.setFilter('values', filter)
  map.setFilter('chosen', mark)
  if (place === 'lixel') {
    // Width says the class as well as colour does.
    const most =
      layer === 'facts'
        ? ['step', lastYear, 0.5, 2, 0.75, 4, 1]
        : [
            'step',
            valueOf(shares),
            0.25,
            ...limits.flatMap((limit, i) => [limit, 0.25 + (0.75 * (i + 1)) / limits.length]),
          ]
    const wide = (times: number, more: number) => [
      'interpolate',
      ['linear'],
      ['zoom'],
      8,
      ['+', more / 2, ['*', times * 2, most]],
      15,
      ['+', more, ['*', times * 8, most]],
    ]
    map.setFilter('casing', filter)
    set('values', 'line-color', fill)
    set('values', 'line-width', wide(1, 0))
    set('casing', 'line-color', outline(theme))
    set('casing', 'line-width', wide(1, 2))
    set('chosen', 'line-color', selection(theme)[0])
    set('chosen', 'line-width', 14)
  } else if (place === 'unit') {
    set('values', 'circle-color', fill)
    set('values', 'circle-radius', 9)
    set('values', 'circle-stroke-color', outline(theme))
    set('values', 'circle-stroke-width', 1.5)
    set('chosen', 'circle-opacity', 0)
    set('chosen', 'circle-radius', 14)
    set('chosen', 'circle-stroke-color', selection(theme)[0])
    set('chosen', 'circle-stroke-width', 4)
  } else {
    // From afar hexagons are smaller than a pixel: their border carries the colour, the wider the more there is.
    const size =
      layer === 'facts'
        ? ['step', lastYear, 2, 2, 3, 4, 4]
        : ['step', value, 0.5, ...limits.flatMap((limit, i) => [limit, 1 + (i * 3.5) / limits.length])]
    map.setFilter('casing', filter)
    // The palest facts are told from the ground by a rim; forecasts cover the ground and need none.
    map.setFilter('rim', layer === 'facts' ? filter : false)
    set('rim', 'line-color', outline(theme))
    set('rim', 'line-width', [
      'interpolate',
      ['linear'],
      ['zoom'],
      6,
      ['+', 2, ['*', 1.5, size]],
      outlined,
      ['+', 2, ['*', 0.7, size]],
    ])
    map.setLayoutProperty('values', 'fill-sort-key', layer === 'facts' ? lastYear : value)
    map.setLayoutProperty('casing', 'line-sort-key', layer === 'facts' ? lastYear : value)
    set('values', 'fill-color', fill)
    set('values', 'fill-opacity', 0.9)
    set('casing', 'line-color', ['step', ['zoom'], fill, outlined, outline(theme)])
    set('casing', 'line-width', [
      'interpolate',
      ['linear'],
      ['zoom'],
      6,
      ['*', 1.5, size],
      outlined,
      ['*', 0.7, size],
      outlined + 0.1,
      0.5,
      14,
      1.2,
    ])
    set('chosen', 'line-color', selection(theme)[0])
    set('chosen', 'line-width', 4)
  }
}

export const sourceName = source
