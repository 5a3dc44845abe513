// The time frame: the whole extent of the data cut into equal bins of whole days. Tiles hold counts per bin of the
// frame, so that the brush moves without a request.
import type { Counted } from './api'
import { addDays, daysBetween, midnight, type Day } from './day'

/** At most so many bins: one texel each per hexagon on the graphics card. */
export const maxBins = 400

export interface Frame {
  from: Day // first day
  days: number // days per bin
  bins: number
}

/** Both days included. */
export interface Period {
  from: Day
  to: Day
}

/** What a tile request asks: bins of equal width in [from, to), ms since 1970. */
export interface Bins {
  from: number
  to: number
  n: number
}

/** The frame that holds every day of the extent. */
export function frameOf(extent: Period): Frame {
  const days = daysBetween(extent.from, extent.to) + 1
  const width = Math.max(1, Math.ceil(days / maxBins))
  return { from: extent.from, days: width, bins: Math.max(1, Math.ceil(days / width)) }
}

/** First day of a bin; that of bin `bins` is the day after the frame. */
export function edge(frame: Frame, bin: number): Day {
  return addDays(frame.from, bin * frame.days)
}

/** The bins as asked from the server. */
export function binsOf(frame: Frame): Bins {
  const from = midnight(frame.from)
  return { from, to: from + frame.bins * frame.days * 86_400_000, n: frame.bins }
}

/** The bins [first, last) nearest to the period, at least one. */
export function binRange(frame: Frame, period: Period): [number, number] {
  const clamp = (bin: number, low: number, high: number) => Math.min(high, Math.max(low, bin))
  const first = clamp(Math.round(daysBetween(frame.from, period.from) / frame.days), 0, frame.bins - 1)
  const end = daysBetween(frame.from, period.to) + 1
  // The last bin may reach past the last day of the data: a period that ends in it ends with it.
  const last =
    end > (frame.bins - 1) * frame.days ? frame.bins : clamp(Math.round(end / frame.days), first + 1, frame.bins)
  return [first, last]
}

/** The period of the bins [first, last), cut at the extent's last day. */
export function periodOf(frame: Frame, first: number, last: number, extent: Period): Period {
  const to = addDays(edge(frame, last), -1)
  return { from: edge(frame, first), to: to > extent.to ? extent.to : to }
}

/**
 * Whether the bins say exactly what the period says. They do not when the period starts or ends inside a bin, or on a
 * day whose midnight the equal widths miss because of summer time; the map then asks for the exact period once the
 * brush is at rest.
 */
export function isExact(frame: Frame, period: Period, extent: Period): boolean {
  const bins = binsOf(frame)
  const width = (bins.to - bins.from) / bins.n
  const onEdge = (instant: number) => (instant - bins.from) % width === 0
  const from = period.from <= extent.from || onEdge(midnight(period.from))
  const to = period.to >= extent.to || onEdge(midnight(addDays(period.to, 1)))
  return from && to
}

/**
 * Months (`2023-7`) laid over the bins of the frame: per bin the average of its month's count, and the spans of bins
 * whose month is hidden. Both empty without months. A bin belongs to the month of its first day.
 */
export function monthsIn(frame: Frame | undefined, months: readonly (Counted & { value: string })[]) {
  const hidden: { from: number; to: number }[] = []
  if (!frame || months.length === 0) return { bins: [], hidden }
  const bins = new Array<number>(frame.bins).fill(0)
  const clamp = (bin: number) => Math.min(frame.bins, Math.max(0, bin))
  for (const month of months) {
    const [year, number] = month.value.split('-')
    const first = `${year}-${number.padStart(2, '0')}-01`
    const next = addDays(first, 32).slice(0, 7) + '-01'
    const [from, to] = [first, next].map((day) => clamp(Math.ceil(daysBetween(frame.from, day) / frame.days)))
    if (to <= from) continue
    const average = ((month.count ?? 0) / daysBetween(first, next)) * frame.days
    for (let bin = from; bin < to; bin++) bins[bin] += average
    if (month.hidden) hidden.push({ from, to })
  }
  return { bins, hidden }
}
