// The units in view as a list: what the map shows as discs, from the same features that analysts read.
import { get } from '../lib/api'

/** The first letters of the kinds that the map draws. */
export const drawnKinds = ['gend', 'poli', 'fire', 'rada', 'sign']

export interface UnitRow {
  id: string
  name: string
  kind: string
  area: string
  lon: number
  lat: number
}

interface Features {
  numberMatched?: number
  features: {
    id: string
    geometry: { coordinates: [number, number] } | null
    properties: { name?: string; kind?: string; area?: string; area_name?: string }
  }[]
}

/** The units within west, south, east, north; how many there are, where the server counts them. */
export async function unitsIn(
  bounds: readonly number[],
  limit: number,
  signal: AbortSignal,
): Promise<{ rows: UnitRow[]; total: number }> {
  const params = new URLSearchParams({
    bbox: bounds.map((degrees) => degrees.toFixed(6)).join(','),
    limit: String(limit),
    filter: drawnKinds.map((prefix) => `kind LIKE '${prefix}%'`).join(' OR '),
    f: 'json',
  })
  const answer = await get<Features>('/ogc/collections/units/items', params, signal)
  const rows = answer.features.map(({ id, geometry, properties: { name, kind, area, area_name } }) => ({
    id,
    name: name ?? '',
    kind: kind ?? '',
    area: area_name || (area ?? ''),
    lon: geometry?.coordinates[0] ?? NaN,
    lat: geometry?.coordinates[1] ?? NaN,
  }))
  return { rows, total: answer.numberMatched ?? rows.length }
}
