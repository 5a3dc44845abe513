// Where the first view looks. With data from several continents the whole of it is a world map on which nothing can be
// read: then the view is the region of known areas that holds most events.
import { api, type CellRow, type Meta } from '../lib/api'

export type Bounds = [number, number, number, number] // west, south, east, north

/** Where to look when there are no data at all. */
export const france: Bounds = [-5.2, 41.3, 9.6, 51.2]

const wide = 30 // degrees of longitude that still show a country
const reach = { lon: 9, lat: 6 } // half of the window, in degrees

/** The first view: all the data, or the densest window of them when they lie far apart. */
export async function homeBounds(meta: Meta | undefined): Promise<Bounds | undefined> {
  const bounds = meta?.bounds ?? undefined
  if (!bounds || bounds[2] - bounds[0] <= wide) return bounds
  try {
    const { cells } = await api.cells(new URLSearchParams({ res: '3', limit: '500' }))
    return densest(cells ?? []) ?? bounds
  } catch {
    return bounds // the map says what is wrong when its own requests fail
  }
}

/** The box of the cells in the fullest window. Cells in known areas come before those of places without any. */
export function densest(all: CellRow[]): Bounds | undefined {
  const known = all.filter(({ area }) => area)
  const cells = known.length > 0 ? known : all
  const near = (a: CellRow) =>
    cells.filter((b) => Math.abs(a.lon - b.lon) <= reach.lon && Math.abs(a.lat - b.lat) <= reach.lat)
  let best: { cells: CellRow[]; sum: number } | undefined
  for (const cell of cells) {
    const window = near(cell)
    const sum = window.reduce((total, { count }) => total + (count ?? 0), 0)
    if (!best || sum > best.sum) best = { cells: window, sum }
  }
  if (!best) return undefined
  const [lons, lats] = [best.cells.map(({ lon }) => lon), best.cells.map(({ lat }) => lat)]
  const rim = 0.6 // about the radius of such a cell
  return [Math.min(...lons) - rim, Math.min(...lats) - rim, Math.max(...lons) + rim, Math.max(...lats) + rim]
}
