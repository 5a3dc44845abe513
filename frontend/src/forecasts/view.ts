// Where two maps side by side look: what one does, the other follows.
import type { App } from '../lib/app.svelte'
import { api, type Area } from '../lib/api'
import { homeBounds, type Bounds } from '../map/home'
import type { Run } from './types'

export interface View {
  center: [number, number]
  zoom: number
  /** Which map has moved. */
  from?: unknown
}

/** The box of a run: as the server says, else that of its areas, else that of the data. */
export async function boundsOf(app: App, run: Pick<Run, 'bounds' | 'areas'>): Promise<Bounds | undefined> {
  if (run.bounds) return run.bounds
  const found = await Promise.all((run.areas ?? []).map((path) => api.area(path).catch(() => undefined)))
  const boxes = found.filter((area): area is Area => !!area?.bounds).map(({ bounds }) => bounds as Bounds)
  if (boxes.length === 0) return homeBounds(app.meta)
  return [
    Math.min(...boxes.map(([west]) => west)),
    Math.min(...boxes.map(([, south]) => south)),
    Math.max(...boxes.map(([, , east]) => east)),
    Math.max(...boxes.map(([, , , north]) => north)),
  ]
}

/** The view of the address, if it looks at the box. */
export function viewWithin(app: App, [west, south, east, north]: Bounds): View | undefined {
  const { camera } = app
  if (!camera) return undefined
  const { lon, lat, zoom } = camera
  return lon >= west && lon <= east && lat >= south && lat <= north && zoom > 5
    ? { center: [lon, lat], zoom }
    : undefined
}
