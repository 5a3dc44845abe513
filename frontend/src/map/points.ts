// Points over the hexagons: units and speed cameras when asked for, and single events where the zoom tells them apart.
import type { ExpressionSpecification, LayerSpecification, Map as MapLibre, VectorTileSource } from 'maplibre-gl'
import { eventsFrom, labelFont, unitLayer } from './style'
import type { Theme } from './ramp'

const unitsFrom = 6

/** By the first letters of a unit's kind: the letter and the colour of its disc. Other units are not drawn. */
const marks: Record<string, [letter: string, colour: string]> = {
  gend: ['G', '#1d4f91'],
  poli: ['P', '#5b3a8c'],
  fire: ['F', '#a3271f'],
  rada: ['R', '#3d4248'],
  sign: ['V', '#00635d'],
}

const kind: ExpressionSpecification = ['slice', ['get', 'kind'], 0, 4]

function byKind(column: 0 | 1): ExpressionSpecification {
  const cases = Object.entries(marks).flatMap(([prefix, mark]) => [prefix, mark[column]])
  return ['match', kind, ...cases, ''] as unknown as ExpressionSpecification
}

function addUnits(map: MapLibre) {
  map.addSource('units', {
    type: 'vector',
    tiles: [`${location.origin}/tiles/units/{z}/{x}/{y}.mvt`],
    minzoom: unitsFrom,
    maxzoom: 14,
  })
  map.addLayer({
    id: unitLayer,
    type: 'circle',
    source: 'units',
    'source-layer': 'units',
    filter: ['in', kind, ['literal', Object.keys(marks)]],
    paint: {
      'circle-radius': ['interpolate', ['linear'], ['zoom'], unitsFrom, 2, 9, 4, 12, 9],
      'circle-color': ['coalesce', ['to-color', byKind(1)], '#000'],
      'circle-stroke-color': '#fff',
      'circle-stroke-width': 1.5,
    },
  })
  map.addLayer({
    id: 'unit-letters',
    type: 'symbol',
    source: 'units',
    'source-layer': 'units',
    minzoom: 10,
    layout: { 'text-field': byKind(0), 'text-font': [labelFont], 'text-size': 11, 'text-allow-overlap': true },
    paint: { 'text-color': '#fff' },
  })
}

/** Shows the units or takes them away. */
export function showUnits(map: MapLibre, shown: boolean) {
  if (shown && !map.getSource('units')) addUnits(map)
  for (const layer of [unitLayer, 'unit-letters']) {
    if (map.getLayer(layer)) map.setLayoutProperty(layer, 'visibility', shown ? 'visible' : 'none')
  }
}

/** Shows the single events that the query (of the server's parameters) means, from eventsFrom on. */
export function showEvents(map: MapLibre, theme: Theme, query: string) {
  const tiles = [`${location.origin}/tiles/events/{z}/{x}/{y}.mvt${query && '?' + query}`]
  const source = map.getSource<VectorTileSource>('events')
  if (source) {
    source.setTiles(tiles)
    return
  }
  map.addSource('events', { type: 'vector', tiles, minzoom: eventsFrom, maxzoom: 18 })
  const events: LayerSpecification = {
    id: 'events',
    type: 'circle',
    source: 'events',
    'source-layer': 'events',
    minzoom: eventsFrom,
    paint: {
      'circle-radius': ['interpolate', ['linear'], ['zoom'], eventsFrom, 2.5, 18, 6],
      'circle-color': theme === 'day' ? '#10151b' : '#f4f6f8',
      'circle-stroke-color': theme === 'day' ? '#ffffff' : '#10151b',
      'circle-stroke-width': 1,
    },
  }
  map.addLayer(events, map.getLayer(unitLayer) ? unitLayer : undefined)
}
