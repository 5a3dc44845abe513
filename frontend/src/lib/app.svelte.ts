// The state of the application: who, what is asked (mirrored in the address), what the server answered.
import { fr, type Messages } from '../i18n/fr'
import { limits, spreadOf, type Theme } from '../map/ramp'
import { resolutionForZoom } from '../map/cell'
import type { Content } from '../map/tiles'
import { api, ApiError, plus, type Meta, type Protected, type Session, type SourceInfo, type Summary } from './api'
import { addDays, dayOf, midnight } from './day'
import { emptyFilter, filterParams, instant, type Filter } from './filter'
import { binRange, binsOf, frameOf, isExact, type Frame, type Period } from './frame'
import { mayAudit, mayPlan, mayRead } from './rights'
import { finestGuarded } from './guard'
import { Stream } from './stream.svelte'
import {
  read,
  write,
  type Camera,
  type Lang,
  type Link,
  type LinkProblem,
  type ThemeChoice,
  type ViewName,
} from './url'

const dark = matchMedia('(prefers-color-scheme: dark)')

export class App {
  session = $state<Session | null>()
  expired = $state(false)
  /** The page of this server that sent the person here to log in. */
  private next?: string
  /** Why a log-in through the directory came back without a session. */
  refused = $state<'refused' | 'disabled' | 'sso'>()
  meta = $state.raw<Meta>()
  summary = $state.raw<Summary>()
  summaryError = $state.raw<unknown>()
  metaError = $state.raw<unknown>()
  busy = $state(false)
  problem = $state.raw<LinkProblem>({ ignored: [] })

  camera = $state.raw<Camera>()
  filter = $state.raw<Filter>(emptyFilter())
  cell = $state<string>()
  view = $state<ViewName>('map')
  /** What the room that is open keeps in the address: the search of the journal, or what is open of the others. */
  search = $state.raw<Record<string, string>>({})
  langChoice = $state<Lang>()
  themeChoice = $state<ThemeChoice>()
  /** Whether units and speed cameras are shown. */
  units = $state(false)
  systemDark = $state(dark.matches)

  /** The period under the moving brush; undefined at rest. */
  brush = $state.raw<Period>()
  /** West, south, east, north of what the map shows. */
  bounds = $state.raw<[number, number, number, number]>()
  /** The fixed class limits per resolution, as far as they are known. */
  limits = $state.raw<Record<number, number[]>>({})
  /** Names of areas by path, as far as they are known. */
  places = $state<Record<string, string>>({})
  /** A request to move the map: the map obeys and forgets it. */
  fit = $state.raw<{ bounds?: [number, number, number, number]; camera?: Camera }>()

  stream = new Stream(this)

  /** The English words, once they are here: French is shown until then. */
  private english = $state.raw<Messages>()

  lang = $derived<Lang>(this.langChoice ?? 'fr')
  t = $derived<Messages>((this.lang === 'en' && this.english) || fr)
  /** What the account opens: the map, the journal, or neither. */
  reads = $derived(mayRead(this.session?.grants))
  audits = $derived(mayAudit(this.session?.grants))
  plans = $derived(mayPlan(this.session?.grants))
  journal = $derived(this.audits && (this.view === 'journal' || !this.reads))
  theme = $derived<Theme>(
    this.themeChoice === 'night' || (this.themeChoice !== 'day' && this.systemDark) ? 'night' : 'day',
  )
  extent = $derived.by<Period | undefined>(() => {
    const period = this.meta?.period
    // The period's end is exclusive or the last instant: a millisecond less is in the last day either way.
    if (!period) return undefined
    const from = Date.parse(period.from)
    return { from: dayOf(from), to: dayOf(Math.max(from, Date.parse(period.to) - 1)) }
  })
  frame = $derived<Frame | undefined>(this.extent && frameOf(this.extent))
  /** The period shown: under the brush, chosen, or everything. */
  period = $derived<Period | undefined>(this.brush ?? this.filter.period ?? this.extent)
  /** The protected families and what was answered of them, under the filter; undefined when there are none. */
  guard = $derived<Protected | undefined>(this.summary ? this.summary.protected : this.meta?.protected)
  /** Some of the figures are of protected families, of which neither sources nor places are told. */
  guarded = $derived((this.guard?.families.length ?? 0) > 0)
  /** A filter leaves the protected families out: a 0 of theirs would be a lie. */
  untold = $derived((this.guard?.ignored?.length ?? 0) > 0)
  /** The hexagons of the map are smaller than those for which protected families are told. */
  tooFine = $derived(this.guarded && !this.untold && resolutionForZoom(this.camera?.zoom ?? 0) > finestGuarded)
  /** The sources that the figures come from, under the filter. */
  sources = $derived.by<SourceInfo[]>(() => {
    const all = this.meta?.sources ?? []
    const counted = this.summary?.facets.source
    const chosen = this.filter.source
    return all.filter(
      ({ name }) =>
        (chosen.length === 0 || chosen.includes(name)) &&
        (!counted ||
          this.guarded ||
          counted.some(({ value, count, hidden }) => value === name && (!!count || !!hidden))),
    )
  })
  /** Some of the events shown are invented. Unknown sources count as what the server says of the whole. */
  synthetic = $derived(this.summary ? this.sources.some(({ synthetic }) => synthetic) : (this.meta?.synthetic ?? false))
  params = $derived(filterParams(this.filter))
  paramsText = $derived(this.params.toString())
  resolution = $derived(resolutionForZoom(this.camera?.zoom ?? 8))

  private brushing = $derived(this.brush !== undefined)
  /**
   * What the tiles must hold for the present filter: the whole frame in bins, or the exact period as one bin. It does
   * not change while the brush moves.
   */
  content = $derived.by<Content | undefined>(() => {
    const { frame, extent, filter, meta } = this
    if (!frame || !extent || !meta) return undefined
    const params = filterParams(filter, false).toString()
    const period = this.brushing ? undefined : filter.period
    // Protected counts are of the whole period asked for: they do not follow the bins.
    const guarded = (meta.protected?.families.length ?? 0) > 0
    if (!period || (!guarded && isExact(frame, period, extent)))
      return { params, bins: binsOf(frame), version: meta.version }
    const bins = { from: midnight(period.from), to: midnight(addDays(period.to, 1)), n: 1 }
    return { params, bins, version: meta.version }
  })

  private summaryCancel?: AbortController
  private limitsAsked = new Set<string>()

  constructor() {
    dark.addEventListener('change', () => (this.systemDark = dark.matches))
    addEventListener('popstate', () => this.restore(true))
    this.restore(false)
  }

  /** Takes the state from the address. */
  restore(move: boolean) {
    const { link, problem, login, next } = read(location.search)
    this.next = next
    if (login) this.refused = login === 'disabled' || login === 'refused' ? login : 'sso'
    this.problem = problem
    this.filter = link.filter
    this.cell = link.cell
    this.view = link.view
    this.search = link.search
    void this.learnEnglish(link.lang)
    this.langChoice = link.lang
    this.themeChoice = link.theme
    this.units = link.units ?? false
    this.brush = undefined
    if (move && link.camera) this.fit = { camera: link.camera }
    else if (!move) this.camera = link.camera
  }

  get link(): Link {
    const { camera, filter, cell, view, search, langChoice: lang, themeChoice: theme, units } = this
    return { camera, filter, cell, view, search, lang, theme, units }
  }

  /** Writes the state into the address: a new step of the history, or in place of the present one. */
  remember(how: 'push' | 'replace') {
    const query = write(this.link)
    const address = location.pathname + (query && '?' + query)
    if (address === location.pathname + location.search) return
    history[how === 'push' ? 'pushState' : 'replaceState'](null, '', address)
  }

  change(part: Partial<Filter>) {
    this.filter = { ...this.filter, ...part }
    this.brush = undefined
    this.problem = { ignored: [] }
    this.remember('push')
  }

  choosePeriod(period: Period | undefined) {
    const { extent } = this
    const whole = !period || (extent && period.from <= extent.from && period.to >= extent.to)
    this.change({ period: whole ? undefined : period })
  }

  reset() {
    this.filter = emptyFilter()
    this.change({})
  }

  choose(cell: string | undefined) {
    if (cell === this.cell) return
    this.cell = cell
    this.remember('push')
  }

  show(view: ViewName) {
    // Another room begins at its door.
    if (view !== this.view) this.search = {}
    this.view = view
    this.remember('push')
  }

  async setLang(lang: Lang) {
    await this.learnEnglish(lang)
    this.langChoice = lang
    this.remember('replace')
  }

  /** English is loaded when somebody wants it. Without a network the page stays French. */
  private async learnEnglish(lang: Lang | undefined) {
    if (lang !== 'en' || this.english) return
    this.english = await import('../i18n/en').then(
      ({ en }) => en,
      () => undefined,
    )
  }

  /** Changes what is searched or open in the room that is shown. */
  seek(search: Record<string, string>, how: 'push' | 'replace' = 'push') {
    this.search = search
    if (this.journal) this.view = 'journal'
    this.remember(how)
  }

  setTheme(theme: ThemeChoice) {
    this.themeChoice = theme
    this.remember('replace')
  }

  toggleUnits() {
    this.units = !this.units
    this.remember('push')
  }

  moved(camera: Camera, bounds: [number, number, number, number]) {
    this.camera = camera
    this.bounds = bounds
    this.remember('replace')
  }

  async start() {
    await this.learnEnglish(this.langChoice)
    try {
      this.session = await api.session()
    } catch (error) {
      this.session = null
      if (!(error instanceof ApiError)) this.metaError = error
    }
    if (this.session) await this.enter(this.session)
  }

  async enter(session: Session) {
    this.session = session
    this.expired = false
    if (this.next) return location.assign(this.next)
    // A link to the journal from somebody who may read it.
    if (this.view === 'journal' && !this.audits) this.view = 'map'
    if ((this.view === 'checkpoints' || this.view === 'forecasts') && !this.plans) this.view = 'map'
    if (!this.reads) return
    await this.loadMeta()
    this.stream.open()
  }

  async leave() {
    this.stream.close()
    await api.logout().catch(() => undefined)
    this.forget()
  }

  private forget() {
    this.session = null
    this.meta = this.summary = undefined
    this.limits = {}
    this.limitsAsked.clear()
  }

  /** A failed request: the end of the session shows the log-in page, anything else is returned to be shown. */
  failed(error: unknown): unknown {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined
    if (error instanceof ApiError && error.status === 401) {
      this.stream.close()
      this.expired = true
      this.forget()
      return undefined
    }
    return error
  }

  async loadMeta() {
    try {
      this.meta = await api.meta()
      this.metaError = undefined
    } catch (error) {
      this.metaError = this.failed(error)
    }
  }

  /** Asks for the figures of the filter. Called whenever the filter or the data change. */
  async loadSummary() {
    const { frame, params } = this
    if (!this.meta) return
    this.summaryCancel?.abort()
    const cancel = (this.summaryCancel = new AbortController())
    this.busy = true
    try {
      const bins = frame && binsOf(frame)
      const more = bins ? { bins: bins.n, bin_from: instant(bins.from), bin_to: instant(bins.to) } : {}
      this.summary = await api.summary(plus(params, more), cancel.signal)
      this.summaryError = undefined
    } catch (error) {
      if (cancel === this.summaryCancel) this.summaryError = this.failed(error)
    } finally {
      if (cancel === this.summaryCancel) this.busy = false
    }
  }

  /** Learns the class limits of a resolution from the whole of the data, once per version of the extent. */
  async loadLimits(res: number) {
    const key = `${res}`
    if (this.limitsAsked.has(key)) return
    this.limitsAsked.add(key)
    try {
      const { cells, total } = await api.cells(new URLSearchParams({ res: key, limit: '500' }))
      const counts = (cells ?? []).map(({ count }) => count ?? 0).filter((count) => count > 0)
      this.limits = { ...this.limits, [res]: limits(spreadOf(counts, total)) }
    } catch (error) {
      this.limitsAsked.delete(key)
      this.failed(error)
    }
  }

  /** Learns the name of an area that a link filters on. */
  async learnPlace(path: string) {
    if (path in this.places) return
    this.places[path] = path
    try {
      this.places[path] = (await api.area(path)).name
    } catch (error) {
      this.failed(error)
    }
  }

  /** The bins to draw of tiles that hold so many. */
  rangeIn(bins: number): [number, number] {
    if (!this.frame || !this.period || bins !== this.frame.bins) return [0, bins]
    return binRange(this.frame, this.period)
  }
}
