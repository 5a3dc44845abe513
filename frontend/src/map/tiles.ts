// Which hexagon tiles the view needs, their loading, and the moment when new ones replace the old on screen.
import type { Bins } from '../lib/frame'
import { instant } from '../lib/filter'
import type { Placed } from './hexagons'
import { parseTile, tileUnits, type HexTile } from './vhx'

export interface View {
  zoom: number
  bounds: [number, number, number, number] // west, south, east, north
}

export interface TileId {
  z: number
  x: number
  y: number
}

/** What the tiles show: filter parameters without period, bins, and the version of the data. */
export interface Content {
  params: string
  bins: Bins
  version: number
}

const deepest = 15
const margin = 0.06 // of a tile: hexagons whose centre is just outside still reach into the view
const cacheSize = 160

const mercatorX = (lon: number) => (lon + 180) / 360
const mercatorY = (lat: number) => {
  const sin = Math.sin((lat * Math.PI) / 180)
  return 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)
}

/** Position in units of tile z. */
export function tilePoint(lon: number, lat: number, z: number): [number, number] {
  return [mercatorX(lon) * 2 ** z, mercatorY(lat) * 2 ** z]
}

/** The tiles that the view needs, nearest to the middle first. */
export function cover(view: View): TileId[] {
  const z = Math.max(0, Math.min(deepest, Math.floor(view.zoom)))
  const [west, south, east, north] = view.bounds
  const clamp = (value: number) => Math.max(0, Math.min(2 ** z - 1, Math.floor(value)))
  const [left, top] = tilePoint(west, Math.min(85, north), z)
  const [right, bottom] = tilePoint(east, Math.max(-85, south), z)
  const tiles: TileId[] = []
  for (let x = clamp(left - margin); x <= clamp(right + margin); x++) {
    for (let y = clamp(top - margin); y <= clamp(bottom + margin); y++) tiles.push({ z, x, y })
  }
  const distance = ({ x, y }: TileId) => Math.hypot(x + 0.5 - (left + right) / 2, y + 0.5 - (top + bottom) / 2)
  return tiles.sort((a, b) => distance(a) - distance(b)).slice(0, 96)
}

/** Per tile the numbers of the cells whose middle lies within west, south, east, north. */
export function cellsInView(
  tiles: Placed[],
  [west, south, east, north]: View['bounds'],
): { tile: HexTile; cells: number[] }[] {
  return tiles.map(({ z, x, y, tile }) => {
    const [left, top] = tilePoint(west, Math.min(85, north), z)
    const [right, bottom] = tilePoint(east, Math.max(-85, south), z)
    const inside = (v: number, low: number, high: number, base: number) =>
      v >= (low - base) * tileUnits && v < (high - base) * tileUnits
    const cells: number[] = []
    for (let i = 0; i < tile.ids.length; i++) {
      const [cx, cy] = middle(tile, i)
      if (inside(cx, left, right, x) && inside(cy, top, bottom, y)) cells.push(i)
    }
    return { tile, cells }
  })
}

/** Mean of a cell's corners, in tile units. */
function middle({ xy, corners }: HexTile, i: number): [number, number] {
  let [x, y] = [0, 0]
  const n = corners[i + 1] - corners[i]
  for (let v = corners[i]; v < corners[i + 1]; v++) {
    x += xy[2 * v] / n
    y += xy[2 * v + 1] / n
  }
  return [x, y]
}

/** The address of a tile. */
export function tilePath({ z, x, y }: TileId, { params, bins }: Content): string {
  const query = new URLSearchParams(params)
  query.set('bins', String(bins.n))
  query.set('bin_from', instant(bins.from))
  query.set('bin_to', instant(bins.to))
  return `/tiles/hexagons/${z}/${x}/${y}.bin?${query}`
}

export interface Shown {
  content: Content
  tiles: Placed[]
}

export class TileLoader {
  private cache = new Map<string, Promise<HexTile>>()
  private ready = new Map<string, HexTile>()
  private cancel = new Map<string, AbortController>()
  private wanted = 0
  private shownKind = ''

  constructor(
    private readonly show: (shown: Shown) => void,
    private readonly state: (state: { loading: boolean; failed?: unknown }) => void,
  ) {}

  /** Asks for what the view needs. The old tiles stay on screen until the new ones are complete. */
  async want(view: View, content: Content): Promise<void> {
    const turn = ++this.wanted
    const ids = cover(view)
    const kind = `${ids[0]?.z}|${content.version}|${tilePath({ z: 0, x: 0, y: 0 }, content)}`
    const keyed = ids.map((id) => ({
      id,
      path: tilePath(id, content),
      key: `${content.version}|${tilePath(id, content)}`,
    }))
    this.abandon(new Set(keyed.map(({ key }) => key)))
    const publish = () => {
      const tiles = keyed.flatMap(({ id, key }) => {
        const tile = this.ready.get(key)
        return tile ? [{ ...id, tile }] : []
      })
      this.shownKind = kind
      this.show({ content, tiles })
    }
    // Moving the map within one zoom and filter: every tile may appear as it comes.
    if (kind === this.shownKind) publish()
    this.state({ loading: true })
    try {
      await Promise.all(
        keyed.map(async ({ path, key }) => {
          await this.load(key, path)
          if (turn === this.wanted && kind === this.shownKind) publish()
        }),
      )
      if (turn !== this.wanted) return
      publish()
      this.state({ loading: false })
    } catch (error) {
      if (turn === this.wanted) this.state({ loading: false, failed: error })
    }
  }

  private load(key: string, path: string): Promise<HexTile> {
    let promise = this.cache.get(key)
    if (promise) {
      this.cache.delete(key) // to the young end of the map
    } else {
      const controller = new AbortController()
      this.cancel.set(key, controller)
      promise = this.fetch(path, controller.signal).then((tile) => {
        this.ready.set(key, tile)
        return tile
      })
      promise.catch(() => this.cache.delete(key)).finally(() => this.cancel.delete(key))
    }
    this.cache.set(key, promise)
    for (const old of this.cache.keys()) {
      if (this.cache.size <= cacheSize) break
      this.cache.delete(old)
      this.ready.delete(old)
    }
    return promise
  }

  private async fetch(path: string, signal: AbortSignal): Promise<HexTile> {
    const response = await fetch(path, { signal, headers: { accept: 'application/octet-stream' } })
    if (!response.ok && response.status !== 204) throw new TileError(response.status)
    return response.status === 204 ? emptyTile : parseTile(await response.arrayBuffer())
  }

  private abandon(keep: Set<string>) {
    for (const [key, controller] of this.cancel) {
      if (keep.has(key)) continue
      this.cache.delete(key)
      controller.abort()
    }
  }
}

/** A tile that the server refused, with the HTTP status. */
export class TileError extends Error {
  constructor(readonly status: number) {
    super(`tile: HTTP ${status}`)
  }
}

const emptyTile: HexTile = {
  res: 0,
  bins: 1,
  from: 0,
  to: 0,
  version: 0,
  ids: new Float64Array(),
  corners: new Uint32Array(1),
  xy: new Float32Array(),
  sums: new Uint16Array(),
  fixed: new Uint32Array(),
  hidden: new Uint8Array(),
  k: 0,
}
