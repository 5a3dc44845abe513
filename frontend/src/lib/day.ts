// Calendar days of the territory. A day is an ISO date, `2024-07-14`; its instants are those of the Paris wall clock,
// whatever the zone of the browser, so that two people with the same link see the same counts.
export type Day = string

export const zone = 'Europe/Paris'

const wall = new Intl.DateTimeFormat('en-CA', {
  timeZone: zone,
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

/** Offset of the Paris wall clock from UTC at an instant, in ms. */
function offset(instant: number): number {
  const part: Record<string, string> = {}
  for (const { type, value } of wall.formatToParts(instant)) part[type] = value
  const local = Date.UTC(+part.year, +part.month - 1, +part.day, +part.hour, +part.minute, +part.second)
  return local - Math.floor(instant / 1000) * 1000
}

/** The first instant of a day, in ms since 1970. */
export function midnight(day: Day): number {
  const utc = Date.parse(day + 'T00:00:00Z')
  const guess = utc - offset(utc)
  return utc - offset(guess)
}

/** The day in which an instant (ms) falls. */
export function dayOf(instant: number): Day {
  return new Date(instant + offset(instant)).toISOString().slice(0, 10)
}

/** The day n days later (or earlier). */
export function addDays(day: Day, n: number): Day {
  return new Date(Date.parse(day + 'T00:00:00Z') + n * 86_400_000).toISOString().slice(0, 10)
}

/** Days from a to b: 0 when they are the same. */
export function daysBetween(a: Day, b: Day): number {
  return Math.round((Date.parse(b + 'T00:00:00Z') - Date.parse(a + 'T00:00:00Z')) / 86_400_000)
}

/** Whether the text is a day that exists. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const time = Date.parse(text + 'T00:00:00Z')
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text
}
