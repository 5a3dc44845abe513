// Sets of hours of the week: hour 0 is Monday 00 h to 01 h, 167 the last of Sunday. Empty means no restriction.

/** `8-9,32` → the hours; undefined for text that is not a list of ranges within 0..167. */
export function parseHours(text: string): Set<number> | undefined {
  const hours = new Set<number>()
  if (text === '') return hours
  for (const range of text.split(',')) {
    const match = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(range)
    if (!match) return undefined
    const first = Number(match[1])
    const last = Number(match[2] ?? match[1])
    if (first > last || last > 167) return undefined
    for (let hour = first; hour <= last; hour++) hours.add(hour)
  }
  return hours
}

/** The hours as ranges; the whole week is no restriction and gives ''. */
export function formatHours(hours: ReadonlySet<number>): string {
  if (hours.size === 0 || hours.size === 168) return ''
  const sorted = [...hours].sort((a, b) => a - b)
  const ranges: string[] = []
  for (let i = 0; i < sorted.length; i++) {
    const first = sorted[i]
    while (i + 1 < sorted.length && sorted[i + 1] === sorted[i] + 1) i++
    ranges.push(first === sorted[i] ? `${first}` : `${first}-${sorted[i]}`)
  }
  return ranges.join(',')
}

/** Adds all the hours, or takes them away when every one is there already. */
export function toggleHours(hours: ReadonlySet<number>, some: number[]): Set<number> {
  const next = new Set(hours)
  const all = some.every((hour) => next.has(hour))
  for (const hour of some) {
    if (all) next.delete(hour)
    else next.add(hour)
  }
  return next
}

/** The 24 hours of a weekday, 0 Monday. */
export const hoursOfDay = (day: number) => Array.from({ length: 24 }, (_, hour) => day * 24 + hour)

/** One hour of every weekday. */
export const hourOfWeek = (hour: number) => Array.from({ length: 7 }, (_, day) => day * 24 + hour)

/** Days × hours of the day; an empty list stands for all. */
export interface Crossing {
  days: number[]
  hours: number[]
}

/** The hours of the week on those days at those hours; empty for the whole week. */
export function crossed({ days, hours }: Crossing): Set<number> {
  if (days.length === 0 && hours.length === 0) return new Set()
  const all = (some: number[], n: number) => (some.length > 0 ? some : Array.from({ length: n }, (_, i) => i))
  return new Set(all(days, 7).flatMap((day) => all(hours, 24).map((hour) => day * 24 + hour)))
}

/** The days and hours that a choice is made of; undefined for one that is no such product. */
export function crossing(chosen: ReadonlySet<number>): Crossing | undefined {
  const sorted = [...chosen].sort((a, b) => a - b)
  const days = [...new Set(sorted.map((hour) => Math.floor(hour / 24)))]
  const hours = [...new Set(sorted.map((hour) => hour % 24))].sort((a, b) => a - b)
  if (days.length * hours.length !== sorted.length) return undefined
  return { days: days.length === 7 ? [] : days, hours: hours.length === 24 ? [] : hours }
}
