// The filter: which events are meant. Fields combine by AND, the values of one field by OR; an empty field is open.
import { addDays, midnight } from './day'
import type { Period } from './frame'
import { formatHours } from './hours'

export interface Filter {
  period?: Period // undefined: everything there is
  hours: Set<number>
  category: string[]
  severity: string[]
  source: string[]
  area: string[]
  attributes: Record<string, string[]>
}

/** The fields that are plain lists of slugs. */
export const listFields = ['category', 'severity', 'source', 'area'] as const
export type ListField = (typeof listFields)[number]

export function emptyFilter(): Filter {
  return { hours: new Set(), category: [], severity: [], source: [], area: [], attributes: {} }
}

export const instant = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')

/** The server takes comma-separated lists: a comma within a value is escaped. */
const escaped = (value: string) => value.replace(/[\\,]/g, '\\$&')

/** The parameters of every operation of the server, in one canonical order (it is part of cache keys). */
export function filterParams(filter: Filter, withPeriod = true): URLSearchParams {
  const params = new URLSearchParams()
  if (withPeriod && filter.period) {
    params.set('from', instant(midnight(filter.period.from)))
    params.set('to', instant(midnight(addDays(filter.period.to, 1))))
  }
  const hours = formatHours(filter.hours)
  if (hours) params.set('hours', hours)
  for (const field of listFields) for (const value of [...filter[field]].sort()) params.append(field, escaped(value))
  for (const key of Object.keys(filter.attributes).sort()) {
    for (const value of [...filter.attributes[key]].sort()) params.append('attr.' + key, escaped(value))
  }
  return params
}

/** How many fields restrict, the period included. */
export function activeFields(filter: Filter): number {
  const lists = listFields.filter((field) => filter[field].length > 0).length
  const attributes = Object.values(filter.attributes).filter((values) => values.length > 0).length
  return lists + attributes + (formatHours(filter.hours) ? 1 : 0) + (filter.period ? 1 : 0)
}

/** The list with the value added, or taken away when it was there. */
export function toggled(values: readonly string[], value: string): string[] {
  return values.includes(value) ? values.filter((other) => other !== value) : [...values, value]
}
