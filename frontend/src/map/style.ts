// Our own base map, from the areas alone: no request leaves the house. Day and night differ in paint only.
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { Theme } from './ramp'

interface Paint {
  sea: string
  land: string
  commune: string
  departement: string
  region: string
  label: string
  halo: string
}

const paints: Record<Theme, Paint> = {
  day: {
    sea: '#dfe7ee',
    land: '#f7f6f2',
    commune: '#d5d3cb',
    departement: '#aaa89f',
    region: '#7d7b74',
    label: '#333a42',
    halo: '#ffffff',
  },
  night: {
    sea: '#0a0f15',
    land: '#121922',
    commune: '#222c38',
    departement: '#3a4757',
    region: '#586879',
    label: '#c3cdd8',
    halo: '#0a0f15',
  },
}

/** The font of labels: the family that the page has loaded, drawn locally since the style names no glyphs. */
export const labelFont = 'Atkinson Hyperlegible Next'

/** Hexagons are drawn below the borders of départements and regions, which help to find one's way, and the labels. */
export const firstAbove = 'line-departement'

/** The layer of units and speed cameras. */
export const unitLayer = 'units'

/** The first zoom at which single events are drawn: the server has none below. */
export const eventsFrom = 13

type Level = 'region' | 'departement' | 'commune'

function line(level: Level, colour: string, minzoom: number, width: number): LayerSpecification {
  return {
    id: 'line-' + level,
    type: 'line',
    source: 'areas',
    'source-layer': 'areas',
    minzoom,
    filter: ['==', ['get', 'level'], level],
    layout: { 'line-join': 'round' },
    paint: {
      'line-color': colour,
      'line-width': ['interpolate', ['linear'], ['zoom'], minzoom, width / 2, minzoom + 5, width],
    },
  }
}

function label(level: Level, paint: Paint, minzoom: number, maxzoom: number, size: number): LayerSpecification {
  return {
    id: 'label-' + level,
    type: 'symbol',
    source: 'areas',
    'source-layer': 'area_labels',
    minzoom,
    maxzoom,
    filter: ['==', ['get', 'level'], level],
    layout: {
      'text-field': ['get', 'name'],
      'text-font': [labelFont],
      'text-size': size,
      'text-max-width': 8,
      'text-padding': 6,
    },
    paint: { 'text-color': paint.label, 'text-halo-color': paint.halo, 'text-halo-width': 1.6 },
  }
}

/** The style of the base map. */
export function baseStyle(theme: Theme): StyleSpecification {
  const paint = paints[theme]
  return {
    version: 8,
    sources: {
      areas: {
        type: 'vector',
        tiles: [`${location.origin}/tiles/areas/{z}/{x}/{y}.mvt`],
        minzoom: 0,
        maxzoom: 14,
      },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': paint.sea } },
      {
        id: 'land',
        type: 'fill',
        source: 'areas',
        'source-layer': 'areas',
        paint: { 'fill-color': paint.land, 'fill-antialias': false },
      },
      line('commune', paint.commune, 8, 1.2),
      line('departement', paint.departement, 4, 1.8),
      line('region', paint.region, 2, 2.2),
      label('region', paint, 4, 7, 14),
      label('departement', paint, 6.5, 9.5, 14),
      label('commune', paint, 9.5, 24, 13),
    ],
  }
}
