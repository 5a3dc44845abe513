// Accidents per inhabitant, kilometre of road or vehicle-kilometre, area by area.
import { read } from '../room/http'
import type { Text } from './types'

export const pers = ['inhabitant', 'km', 'vehicle_km'] as const
export type Per = (typeof pers)[number]
export const levels = ['commune', 'departement'] as const
export type Level = (typeof levels)[number]
export const measures = ['accidents', 'severity'] as const
export type Measure = (typeof measures)[number]

export interface Ratio {
  path: string
  name: string
  count: number
  weight: number
  denominator: number
  raw: number
  /** Drawn towards the common ratio, as far as chance explains the difference: what may be compared. */
  ratio: number
  low95: number
  high95: number
  shrunk: number
  lon: number
  lat: number
}

export interface Ratios {
  area: string
  level: string
  per: Per
  unit: Text
  from: string // first day; empty without accidents
  to: string // the day after the last one
  whole: number
  areas: Ratio[] | null
  without: number
  base: Text
  missing?: Text | null
}

export interface Query {
  area: string
  level: Level
  per: Per
  measure: Measure
  from?: string
  to?: string
}

export const ratios = (query: Query, signal?: AbortSignal) =>
  read<Ratios>('/api/accidents/ratios', { ...query }, signal)

export interface Outlines {
  features: { geometry: { type: string; coordinates: unknown }; properties: Ratio }[] | null
}

/** The same with outlines: the tiles have no communes from afar. */
export const outlines = (query: Query, signal?: AbortSignal) =>
  read<Outlines>('/api/accidents/ratios/outlines', { ...query }, signal)

/** Cannot be told from the whole: its interval holds the ratio of all areas together. */
export const vague = ({ low95, high95 }: Ratio, whole: number) => low95 <= whole && high95 >= whole

/** A stretch of road on which accidents have accumulated, by the historic rule of the ZAAC. */
export interface Zone {
  geometry: { type: string; coordinates: unknown }
  properties: { name: string; class: string; area: string; metres: number; accidents: number; serious: number }
}

export interface Zones {
  rule: { length_m: number; accidents: number; serious: number; years: number; scaled: boolean }
  from: string
  to: string
  used: number
  unplaced: number
  missing?: Text | null
  features: Zone[] | null
}

export const zones = (query: { area: string; from?: string; to?: string }, signal?: AbortSignal) =>
  read<Zones>('/api/accidents/zaac', query, signal)
