// Numbers, dates and names as people of each language write them.
import type { Messages } from '../i18n/fr'
import { zone, type Day } from './day'
import type { Counted, Protected } from './api'
import type { Filter } from './filter'

const cached = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()

function once<T extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => T): T {
  const known = cached.get(key)
  if (known) return known as T
  const made = make()
  cached.set(key, made)
  return made
}

export function number(t: Messages, value: number, digits = 0): string {
  return once(`n${t.locale}${digits}`, () => new Intl.NumberFormat(t.locale, { maximumFractionDigits: digits })).format(
    value,
  )
}

/** A count as it may be told: `12`, `<5`, « masqué », or `≥ 12` where a part is hidden. Never 0 for what is hidden. */
export function counted(t: Messages, { count, hidden, k }: Counted): string {
  if (!hidden) return number(t, count ?? 0)
  if (count) return t.guard.atLeast(number(t, count))
  return hidden === 'below' && k ? t.guard.below(k) : t.guard.withheld
}

/** A total of which some parts are hidden. */
export function total(t: Messages, value: number, guard: Protected | undefined): string {
  return (guard?.hidden ?? 0) > 0 ? t.guard.atLeast(number(t, value)) : number(t, value)
}

/** Where a count stands among others when sorted: what is hidden between nothing and one. */
export const rank = ({ count, hidden }: Counted) => count || (hidden === 'below' ? 0.5 : hidden ? 0.25 : 0)

export function percent(t: Messages, share: number): string {
  return once(
    `p${t.locale}`,
    () => new Intl.NumberFormat(t.locale, { style: 'percent', maximumFractionDigits: 1 }),
  ).format(share)
}

/** `14 juil. 2024`. */
export function day(t: Messages, value: Day): string {
  return once(
    `d${t.locale}`,
    () => new Intl.DateTimeFormat(t.locale, { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' }),
  ).format(Date.parse(value + 'T00:00:00Z'))
}

/** Date and hour of an instant in the territory's zone. */
export function moment(t: Messages, instant: string | number): string {
  return once(
    `m${t.locale}`,
    () => new Intl.DateTimeFormat(t.locale, { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' }),
  ).format(new Date(instant))
}

/** Date, hour, minute and second of an instant in the territory's zone. */
export function instant(t: Messages, value: string): string {
  return once(
    `i${t.locale}`,
    () => new Intl.DateTimeFormat(t.locale, { timeZone: zone, dateStyle: 'medium', timeStyle: 'medium' }),
  ).format(new Date(value))
}

/** Hour and minute of an instant. */
export function clock(t: Messages, instant: number): string {
  return once(`c${t.locale}`, () => new Intl.DateTimeFormat(t.locale, { timeStyle: 'short' })).format(instant)
}

/** A surface: km² above 0.1 km², else m². */
export function surface(t: Messages, m2: number): string {
  if (m2 < 1e5) return `${number(t, Number(m2.toPrecision(2)))} m²`
  const km2 = m2 / 1e6
  return `${number(t, km2 < 10 ? Number(km2.toPrecision(2)) : Math.round(km2), 2)} km²`
}

/** `road_class` → `Road class`: for slugs that no translation knows. */
export function plain(slug: string): string {
  const text = slug.replace(/[._]+/g, ' ').trim()
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The word of a table for a slug; undefined for one that it does not have. */
export const known = (table: object, slug: string) => (table as Record<string, string | undefined>)[slug]

export const categoryName = (t: Messages, slug: string) => known(t.categories, slug) ?? plain(slug)
export const severityName = (t: Messages, slug: string) => known(t.severities, slug) ?? plain(slug)
export const levelName = (t: Messages, slug: string) => known(t.levels, slug) ?? plain(slug)
export const attributeName = (t: Messages, key: string) => known(t.attributes, key) ?? plain(key)
export const valueName = (t: Messages, value: string) => known(t.values, value) ?? plain(value)

/** What is being counted: the common noun of the chosen categories. */
export function noun(t: Messages, filter: Filter, n: number): string {
  const kinds = new Set(
    filter.category.map((slug) =>
      slug.startsWith('road.accident')
        ? t.headline.accidents
        : slug.startsWith('vehicle.theft')
          ? t.headline.thefts
          : slug.startsWith('rescue')
            ? t.headline.rescues
            : t.headline.events,
    ),
  )
  const [only] = kinds
  return (kinds.size === 1 ? only : t.headline.events)(n)
}

/** A count with what is counted: `12 vols`, `<5 vols`, « vols : masqué ». */
export function countedNoun(t: Messages, some: Counted, filter: Filter): string {
  const { count, hidden, k } = some
  const text = counted(t, some)
  return hidden && !count && text === t.guard.withheld
    ? t.guard.of(noun(t, filter, 2), text)
    : `${text} ${noun(t, filter, count || (hidden ? (k ?? 2) : 0))}`
}

/** The wall clock of an instant with an offset, as if it were UTC: people read events in the time of the place. */
const wall = (instant: string) => instant.slice(0, 19) + 'Z'

/** When an event happened, in the local time of the place: an hour, a day, or an interval. */
export function when(t: Messages, start: string, end: string): string {
  const length = Date.parse(end) - Date.parse(start)
  const format = once(
    `w${t.locale}`,
    () => new Intl.DateTimeFormat(t.locale, { timeZone: 'UTC', dateStyle: 'medium', timeStyle: 'short' }),
  )
  const [from, to] = [new Date(wall(start)), new Date(wall(end))]
  if (length <= 3_600_000) return format.format(from)
  const wholeDay = from.getUTCHours() === 0 && length > 22 * 3_600_000 && length <= 25 * 3_600_000
  return wholeDay ? day(t, start.slice(0, 10)) : format.formatRange(from, to)
}
