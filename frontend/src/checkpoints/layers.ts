// What is drawn over the base map for a plan, and the posts as buttons that can be dragged.
import { Marker, type ExpressionSpecification, type Map as MapLibre } from 'maplibre-gl'
import type { Theme } from '../map/ramp'
import { firstAbove, labelFont } from '../map/style'
import type { Features, Position, Post, Resource, Site, SiteFeature } from './types'

const paints = {
  day: { road: '#8e8a7e', major: '#6a665c', casing: '#ffffff', risk: '#b3331d', accent: '#0b5cad', text: '#16202c' },
  night: { road: '#3d4a5a', major: '#64768b', casing: '#0a0f15', risk: '#f58a4b', accent: '#7fbaf5', text: '#e8edf3' },
}

const empty = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } } as const

/** The sources and layers of a plan. Called for every style anew. */
export function addLayers(map: MapLibre, theme: Theme) {
  const paint = paints[theme]
  const below = map.getLayer(firstAbove) ? firstAbove : undefined
  const major = ['in', ['get', 'class'], ['literal', ['motorway', 'trunk', 'primary']]] as ExpressionSpecification
  map.addSource('roads', {
    type: 'vector',
    tiles: [`${location.origin}/tiles/roads/{z}/{x}/{y}.mvt`],
    minzoom: 5,
    maxzoom: 14,
  })
  for (const name of ['risk', 'halo', 'choices', 'target', 'homes']) map.addSource(name, empty)
  map.addLayer(
    {
      id: 'roads',
      type: 'line',
      source: 'roads',
      'source-layer': 'roads',
      layout: { 'line-join': 'round', 'line-cap': 'round' },
      paint: {
        'line-color': ['case', major, paint.major, paint.road],
        'line-width': ['interpolate', ['linear'], ['zoom'], 7, ['case', major, 0.8, 0.3], 15, ['case', major, 5, 2.5]],
      },
    },
    below,
  )
  map.addLayer({
    id: 'road-labels',
    type: 'symbol',
    source: 'roads',
    'source-layer': 'roads',
    minzoom: 11,
    filter: ['!=', ['coalesce', ['get', 'number'], ''], ''],
    layout: {
      'symbol-placement': 'line',
      'text-field': ['get', 'number'],
      'text-font': [labelFont],
      'text-size': 11,
      'symbol-spacing': 300,
    },
    paint: { 'text-color': paint.text, 'text-halo-color': paint.casing, 'text-halo-width': 1.6 },
  })
  // Width says the rank as well as colour does.
  map.addLayer(
    {
      id: 'risk',
      type: 'line',
      source: 'risk',
      layout: { 'line-cap': 'round' },
      paint: {
        'line-color': paint.risk,
        'line-opacity': ['interpolate', ['linear'], ['get', 'rank'], 1, 0.95, 200, 0.35],
        'line-width': ['interpolate', ['linear'], ['get', 'rank'], 1, 9, 20, 6, 200, 2.5],
      },
    },
    below,
  )
  map.addLayer({
    id: 'halo',
    type: 'fill',
    source: 'halo',
    paint: { 'fill-color': paint.accent, 'fill-opacity': 0.1, 'fill-outline-color': paint.accent },
  })
  const size = (least: number, most: number) =>
    ['interpolate', ['linear'], ['get', 'worth'], 0, least, 1, most] as ExpressionSpecification
  map.addLayer({
    id: 'choices',
    type: 'circle',
    source: 'choices',
    paint: {
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 8, size(1.5, 4), 14, size(3, 11)],
      'circle-color': ['case', ['==', ['get', 'status'], 'safe'], paint.accent, paint.casing],
      'circle-stroke-color': paint.accent,
      'circle-stroke-width': 1.5,
    },
  })
  map.addLayer({
    id: 'target',
    type: 'circle',
    source: 'target',
    paint: {
      'circle-radius': 16,
      'circle-opacity': 0,
      'circle-stroke-color': paint.text,
      'circle-stroke-width': 4,
    },
  })
  map.addLayer({
    id: 'homes',
    type: 'symbol',
    source: 'homes',
    layout: {
      'text-field': ['concat', '▲\n', ['get', 'name']],
      'text-font': [labelFont],
      'text-size': 13,
      'text-anchor': 'top',
      'text-allow-overlap': true,
    },
    paint: { 'text-color': paint.text, 'text-halo-color': paint.casing, 'text-halo-width': 2 },
  })
}

/** The box of every post and unit of the plan. */
export function boundsOf({ plan, units }: Resource): [number, number, number, number] | undefined {
  const used = new Set((plan.posts ?? []).map(({ site }) => site))
  const all = [
    ...(plan.sites ?? []).filter(({ id }) => used.has(id)).map(({ position }) => position),
    ...Object.values(units ?? {}).flatMap(({ position }) => position ?? []),
  ].filter((position): position is Position => Array.isArray(position))
  if (all.length === 0) return undefined
  const [lons, lats] = [all.map(([lon]) => lon), all.map(([, lat]) => lat)]
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
}

const reach = 48 // pixels from where a post is let go to the site that it takes

/** The possible site nearest to a position, if one is near on the screen. */
export function nearest(
  choices: Features<SiteFeature> | undefined,
  at: Position,
  map: Pick<MapLibre, 'project'> | undefined,
): SiteFeature | undefined {
  if (!map) return undefined
  const here = map.project(at)
  let best: { site: SiteFeature; distance: number } | undefined
  for (const site of choices?.features ?? []) {
    if (!site.properties.reachable) continue
    const there = map.project(site.geometry.coordinates)
    const distance = Math.hypot(there.x - here.x, there.y - here.y)
    if (distance <= reach && (!best || distance < best.distance)) best = { site, distance }
  }
  return best?.site
}

export interface Shown {
  post: Post
  site: Site
  label: string
  chosen: boolean
}

interface Hands {
  choose: (post: string) => void
  grab: (post: string) => void
  over: (post: string, at: Position) => void
  drop: (post: string, at: Position) => void
}

/** The posts of a slot on the map: buttons, in the order of the list. */
export class PostMarkers {
  private markers = new Map<string, Marker>()

  constructor(private readonly hands: Hands) {}

  show(map: MapLibre, all: Shown[], movable: boolean) {
    const keep = new Set(all.map(({ post }) => post.id))
    for (const [id, marker] of this.markers) {
      if (keep.has(id)) continue
      marker.remove()
      this.markers.delete(id)
    }
    for (const one of all) {
      const { post, site } = one
      let marker = this.markers.get(post.id)
      if (!marker) {
        marker = this.make(post.id)
        this.markers.set(post.id, marker)
        marker.setLngLat(site.position).addTo(map)
      }
      dress(marker.getElement(), one, movable)
      marker.setLngLat(site.position)
      marker.setDraggable(movable && !post.locked)
    }
  }

  clear() {
    for (const marker of this.markers.values()) marker.remove()
    this.markers.clear()
  }

  private make(id: string): Marker {
    const element = document.createElement('button')
    element.setAttribute('aria-label', id)
    const marker = new Marker({ element })
    const at = (): Position => {
      const { lng, lat } = marker.getLngLat()
      return [lng, lat]
    }
    let dragged = false
    element.addEventListener('click', (event) => {
      event.stopPropagation()
      if (!dragged) this.hands.choose(id)
      dragged = false
    })
    marker.on('dragstart', () => {
      dragged = true
      this.hands.grab(id)
    })
    marker.on('drag', () => this.hands.over(id, at()))
    marker.on('dragend', () => {
      this.hands.drop(id, at())
      // The click that ends a drag is no choice.
      setTimeout(() => (dragged = false), 50)
    })
    return marker
  }
}

/** What a marker looks like and says. Classes of the map library stay. */
function dress(element: HTMLElement, { post, site, label, chosen }: Shown, movable: boolean) {
  const states = { safe: false, unsafe: false, reconnoitre: false, [site.status]: true }
  const all = { 'post-marker': true, movable: movable && !post.locked, locked: post.locked, chosen, ...states }
  for (const [name, on] of Object.entries(all)) element.classList.toggle(name, on)
  element.setAttribute('aria-label', label)
  element.setAttribute('aria-pressed', String(chosen))
  element.title = label
  element.dataset.post = post.id
  const inner = document.createElement('span')
  inner.setAttribute('aria-hidden', 'true')
  const text = document.createElement('span')
  text.textContent = post.id
  inner.append(text)
  element.replaceChildren(inner)
}
