// Accidents per inhabitant, kilometre of road or vehicle-kilometre, area by area.
import { read } from '../room/http'
import type { Text } from './types'

export const pers = ['inhabitant', 'km', 'vehicle_km'] as const
export type Per = (typeof pers)[number]
export const levels = ['commune', 'departement', 'region'] as const
export type Level = (typeof levels)[number]

export interface Ratio {
  path: string
  name: string
  count: number | null
  denominator: number | null
  ratio: number | null
  low95: number | null
  high95: number | null
  hidden?: string
  lon?: number
  lat?: number
}

export interface Ratios {
  level: string
  per: Per
  unit: Text
  from: string
  to: string
  areas: Ratio[] | null
  missing?: Text | null
}

export const ratios = (
  query: { area: string[]; level: Level; per: Per; from?: string; to?: string },
  signal?: AbortSignal,
) => read<Ratios>('/api/accidents/ratios', query, signal)

/** Too few facts to compare: the interval is more than three times as wide as the ratio, or there is none. */
export const vague = ({ ratio, low95, high95 }: Ratio) =>
  ratio === null || low95 === null || high95 === null || ratio <= 0 || (high95 - low95) / ratio > 3
