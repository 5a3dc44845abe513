// Server-sent events: new data refresh the figures in silence, imports show their progress.
import type { App } from './app.svelte'

export interface ImportProgress {
  source: string
  state: 'running' | 'done' | 'failed'
  records: number
  total?: number
  report?: { new?: number; changed?: number } | null
}

export interface LoadProgress {
  done?: number
  total?: number
  finished?: boolean
}

export class Stream {
  connected = $state(true)
  refreshed = $state<number>()
  importing = $state.raw<ImportProgress>()
  loading = $state.raw<LoadProgress>()
  source?: EventSource
  private pending?: ReturnType<typeof setTimeout>

  constructor(private readonly app: App) {}

  open() {
    this.close()
    const source = (this.source = new EventSource('/api/stream'))
    source.onopen = () => (this.connected = true)
    source.onerror = () => {
      this.connected = false
      // A refused connection is final for EventSource: the session may have ended, so ask.
      if (source.readyState === EventSource.CLOSED) this.again(source)
    }
    source.addEventListener('version', (event) => this.version(event.data))
    source.addEventListener('import', (event) => (this.importing = JSON.parse(event.data)))
    source.addEventListener('load', (event) => {
      const load: LoadProgress = JSON.parse(event.data)
      this.loading = load.finished ? undefined : load
    })
  }

  close() {
    this.source?.close()
    this.source = undefined
    clearTimeout(this.pending)
    this.pending = undefined
  }

  private again(source: EventSource) {
    setTimeout(async () => {
      if (source !== this.source) return
      await this.app.loadMeta()
      if (source === this.source) this.open()
    }, 3000)
  }

  /** During an import versions come many times a second: one refresh a second is enough for people. */
  private version(data: string) {
    const { version } = JSON.parse(data) as { version: number }
    if (version === this.app.meta?.version || this.pending !== undefined) return
    this.pending = setTimeout(async () => {
      this.pending = undefined
      const before = this.app.meta?.version
      await this.app.loadMeta()
      this.loading = undefined
      if (this.app.meta && this.app.meta.version !== before) this.refreshed = Date.now()
    }, 800)
  }
}
