// Everything seen is in the address. Version 1: see `write`. A link of another version, or with a broken part, opens
// what can be understood and says that the rest was left out.
import { isDay } from './day'
import { emptyFilter, listFields, type Filter } from './filter'
import { formatHours, parseHours } from './hours'
import { parseCell } from '../map/cell'

export const urlVersion = 1

export type Lang = 'fr' | 'en'
export type ThemeChoice = 'auto' | 'day' | 'night'
export const views = ['map', 'cells', 'areas', 'units', 'journal', 'checkpoints', 'forecasts'] as const
export type ViewName = (typeof views)[number]

/** What the rooms beside the map keep in the address, by the letter before it: `j.account=…` is what the journal is
 * searched for, `k.plan=…` what is open among the checkpoints, `p.run=…` among the forecasts. */
const roomKeys = {
  j: ['account', 'operation', 'act', 'class', 'outcome', 'reference', 'from', 'to', 'entry'],
  k: ['do', 'plan', 'part', 'slot', 'post', 'area', 'state', 'copy'],
  p: [
    'do',
    'name',
    'run',
    'part',
    'layer',
    'area',
    'horizon',
    'kind',
    'step',
    'hour',
    'place',
    'station',
    'service',
    'per',
    'tour',
  ],
}
type RoomKey = keyof typeof roomKeys

const rooms: Partial<Record<ViewName, RoomKey>> = { journal: 'j', checkpoints: 'k', forecasts: 'p' }

export interface Camera {
  zoom: number
  lon: number
  lat: number
}

export interface Link {
  camera?: Camera // undefined: all the data
  filter: Filter
  cell?: string
  view: ViewName
  search: Record<string, string>
  lang?: Lang
  theme?: ThemeChoice
  units?: boolean
}

export const emptyLink = (): Link => ({ filter: emptyFilter(), view: 'map', search: {} })

const shortNames = { category: 'cat', severity: 'sev', source: 'src', area: 'area' } as const

/** The query part of the address, without `?`; empty for the first screen. */
export function write(link: Link): string {
  const params = new URLSearchParams()
  if (link.camera) {
    params.set('z', link.camera.zoom.toFixed(2))
    params.set('c', `${link.camera.lon.toFixed(5)},${link.camera.lat.toFixed(5)}`)
  }
  const { filter } = link
  if (filter.period) {
    params.set('from', filter.period.from)
    params.set('to', filter.period.to)
  }
  const hours = formatHours(filter.hours)
  if (hours) params.set('hours', hours)
  for (const field of listFields) for (const value of filter[field]) params.append(shortNames[field], value)
  for (const [key, values] of Object.entries(filter.attributes)) {
    for (const value of values) params.append('attr.' + key, value)
  }
  if (link.cell) params.set('cell', link.cell)
  if (link.view !== 'map') params.set('view', link.view)
  const letter = rooms[link.view]
  if (letter) for (const key of roomKeys[letter]) if (link.search[key]) params.set(`${letter}.${key}`, link.search[key])
  if (link.lang) params.set('lang', link.lang)
  if (link.theme) params.set('theme', link.theme)
  if (link.units) params.set('units', '1')
  if (params.size === 0) return ''
  // Commas and colons are legal in a query and read better.
  return `v=${urlVersion}&${params}`.replaceAll('%2C', ',').replaceAll('%3A', ':')
}

/** What went wrong with a link: nothing, another version, or the parameters that were left out. */
export interface LinkProblem {
  version?: string
  ignored: string[]
}

/** Reads an address. Never throws: what cannot be understood is listed in the problem. */
export function read(search: string): { link: Link; problem: LinkProblem; login?: string; next?: string } {
  const params = new URLSearchParams(search)
  const link = emptyLink()
  const problem: LinkProblem = { ignored: [] }
  const version = params.get('v')
  if (version !== null && version !== String(urlVersion)) problem.version = version
  const refuse = (key: string) => {
    if (!problem.ignored.includes(key)) problem.ignored.push(key)
  }
  readCamera(params, link, refuse)
  readPeriod(params, link, refuse)
  for (const [key, value] of params) readOther(key, value, link, refuse)
  return { link, problem, login: params.get('login') ?? undefined, next: ownPage(params.get('next')) }
}

/** The address of a page of this server, or undefined: a link must not send people elsewhere after the log-in. */
export function ownPage(next: string | null): string | undefined {
  return next && /^\/(?![/\\])[^\s\\]*$/.test(next) && next !== '/' ? next : undefined
}

type Refuse = (key: string) => void

function readCamera(params: URLSearchParams, link: Link, refuse: Refuse) {
  const [z, c] = [params.get('z'), params.get('c')]
  if (z === null && c === null) return
  const zoom = Number(z)
  const [lon, lat] = (c ?? '').split(',').map(Number)
  const fits = zoom >= 0 && zoom <= 22 && Math.abs(lon) <= 180 && Math.abs(lat) <= 85
  if (z !== null && z !== '' && fits) link.camera = { zoom, lon, lat }
  else refuse('c')
}

function readPeriod(params: URLSearchParams, link: Link, refuse: Refuse) {
  const [from, to] = [params.get('from'), params.get('to')]
  if (from === null && to === null) return
  if (from && to && isDay(from) && isDay(to) && from <= to) link.filter.period = { from, to }
  else refuse('from')
}

const slug = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,79}$/u

function readOther(key: string, value: string, link: Link, refuse: Refuse) {
  const field = listFields.find((name) => shortNames[name] === key)
  if (field) {
    if (slug.test(value)) link.filter[field] = [...new Set([...link.filter[field], value])]
    else refuse(key)
  } else if (key.startsWith('attr.') && slug.test(key.slice(5)) && value.length <= 200) {
    const name = key.slice(5)
    link.filter.attributes[name] = [...new Set([...(link.filter.attributes[name] ?? []), value])]
  } else if (key === 'hours') {
    const hours = parseHours(value)
    if (hours) link.filter.hours = hours
    else refuse(key)
  } else if (key === 'cell') {
    if (parseCell(value)) link.cell = value
    else refuse(key)
  } else if (key === 'view') {
    const view = views.find((name) => name === value)
    if (view) link.view = view
    else refuse(key)
  } else if (/^[jkp]\./.test(key)) {
    const name = key.slice(2)
    if (roomKeys[key[0] as RoomKey].includes(name) && value.length <= 200) link.search[name] = value
    else refuse(key)
  } else if (key === 'lang') {
    if (value === 'fr' || value === 'en') link.lang = value
    else refuse(key)
  } else if (key === 'theme') {
    if (value === 'auto' || value === 'day' || value === 'night') link.theme = value
    else refuse(key)
  } else if (key === 'units') {
    if (value === '1') link.units = true
    else refuse(key)
  } else if (!['v', 'z', 'c', 'from', 'to', 'login', 'next'].includes(key)) {
    refuse(key)
  }
}
