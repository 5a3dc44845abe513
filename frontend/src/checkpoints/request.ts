// The new request as a form holds it, what is wrong with it before it is sent, and its way to the server.
import { addDays, daysBetween, isDay } from '../lib/day'
import type { FieldProblem } from '../room/http'
import type { Options, Request, Team } from './types'

export const longestDays = 31

/** The teams of a form: every unit of the territory once, those that are not ticked included. */
export interface Row extends Team {
  ticked: boolean
  name: string
  off: boolean // too far from every road
}

const most = 4 // units that are ticked without anybody's choice

/** Who would hold posts if nobody says: units of the road police, else brigades, else any; one team on a late evening. */
export function suggested(options: Options): Team[] {
  const on = (options.units ?? []).filter((unit) => unit.on_network)
  const of = (prefix: string) => on.filter(({ kind }) => kind.startsWith(prefix))
  const first =
    [of('gendarmerie.motorised'), of('gendarmerie.'), of('police.'), on].find(({ length }) => length > 0) ?? []
  return first.slice(0, most).map(({ id }) => ({ unit: id, teams: 1, slots: 2, earliest: 18, latest: 28 }))
}

/** A row for each unit, those of the defaults ticked and set as there. Several teams of one unit keep a row each. */
export function rowsOf(options: Options, teams: Team[]): Row[] {
  const blank = teams[0] ?? { teams: 1, slots: 2, earliest: 18, latest: 28 }
  const units = options.units ?? []
  const rows = units.flatMap((unit): Row[] => {
    const mine = teams.filter((team) => team.unit === unit.id)
    const base = { name: unit.name, off: !unit.on_network }
    if (mine.length === 0) return [{ ...blank, teams: 1, unit: unit.id, ticked: false, ...base }]
    return mine.map((team) => ({ ...team, ticked: unit.on_network, ...base }))
  })
  return rows.sort((a, b) => Number(b.ticked) - Number(a.ticked) || a.name.localeCompare(b.name))
}

/** What the server is asked. */
export function requestOf(draft: Request, rows: Row[]): Request {
  const teams = rows
    .filter(({ ticked }) => ticked)
    .map(({ ticked: _, name: __, off: ___, ...team }) => ({ ...team, days: team.days?.length === 7 ? [] : team.days }))
  const { since, until, reference, ...rest } = draft
  return {
    ...rest,
    title: draft.title.trim(),
    teams,
    ...(since && { since }),
    ...(until && { until }),
    ...(reference?.trim() && { reference: reference.trim() }),
  }
}

interface Said {
  needArea: string
  needUnit: string
  needPeriod: string
  needReference: string
}

/** What is wrong before the server is asked, in both languages. */
export function wrongWith(request: Request, fr: Said, en: Said): FieldProblem[] {
  const wrong: FieldProblem[] = []
  const say = (field: string, what: keyof Said) => wrong.push({ field, fr: fr[what], en: en[what] })
  if (request.areas.length === 0) say('areas', 'needArea')
  const { from, to } = request
  if (!isDay(from) || !isDay(to) || to < from || daysBetween(from, to) >= longestDays) say('to', 'needPeriod')
  if (request.teams.length === 0) say('teams', 'needUnit')
  if (request.basis === '78-2-2' && !request.reference) say('reference', 'needReference')
  return wrong
}

/** The next Friday and the Sunday after it, for a request without a period. */
export function weekend(today: string): { from: string; to: string } {
  const weekday = new Date(today + 'T00:00:00Z').getUTCDay()
  const from = addDays(today, (5 - weekday + 7) % 7 || 7)
  return { from, to: addDays(from, 1) }
}

/** What a field's problems say: those of the field itself and of what is in it. */
export function problemsAt(problems: FieldProblem[], field: string, lang: 'fr' | 'en', deep = false): string[] {
  return problems
    .filter((one) => one.field === field || (deep && one.field.startsWith(field + '.')))
    .map((one) => one[lang])
}
