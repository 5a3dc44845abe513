// What is to be said of counts that are protected: which families, for which whole years, and what they cannot do.
import type { Messages } from '../i18n/fr'
import type { Protected } from './api'
import { dayOf } from './day'
import { attributeName, categoryName } from './format'

/** The finest resolution of hexagons at which protected families are counted. */
export const finestGuarded = 8

/** The protected families in words. */
export function families(t: Messages, guard: Protected): string {
  return t.guard.list(guard.families.map(({ category }) => categoryName(t, category)))
}

/** The whole years for which protected families are counted. */
export function wholeYears(guard: Protected | undefined): number[] {
  if (!guard?.from || !guard.to) return []
  // The end is exclusive: a moment less is in the last year.
  const [first, last] = [dayOf(Date.parse(guard.from)), dayOf(Date.parse(guard.to) - 1)].map((day) => +day.slice(0, 4))
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
}

/** The whole years in words, `2021 à 2024`. */
function years(t: Messages, guard: Protected): string {
  const all = wholeYears(guard)
  return t.guard.span(String(all[0]), String(all.at(-1)))
}

/** A filter of the server in words: `hours`, `attr.light`. */
function filterName(t: Messages, key: string): string {
  if (key === 'attributes') key = 'more'
  if (key === 'areas') key = 'area'
  if (key.startsWith('attr.')) return attributeName(t, key.slice(5)).toLocaleLowerCase(t.locale)
  const names: Record<string, string | undefined> = t.filters
  return (names[key] ?? key).toLocaleLowerCase(t.locale)
}

/** What is said where nothing is: the families that are left out, or undefined for a true nothing. */
export const untoldNote = (t: Messages, guard: Protected | undefined): string | undefined =>
  guard?.ignored?.length ? guardNotes(t, guard)[0] : undefined

/** The sentences for a screen that shows, or leaves out, protected families. */
export function guardNotes(t: Messages, guard: Protected | undefined): string[] {
  if (!guard || guard.families.length === 0) return []
  const names = families(t, guard)
  const ignored = [...new Set((guard.ignored ?? []).map((key) => filterName(t, key)))]
  if (guard.ignored?.includes('unpublished')) return [t.guard.unpublished(names)]
  if (guard.ignored?.includes('period')) return [t.guard.wholeYears(names)]
  if (guard.ignored?.includes('resolution')) return [t.guard.tooFine(names)]
  if (ignored.length > 0) return [t.guard.ignored(names, t.guard.list(ignored))]
  if (wholeYears(guard).length === 0) return [t.guard.noYear(names)]
  return [t.guard.years(names, years(t, guard))]
}
