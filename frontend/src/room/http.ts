// What the rooms ask the server with. A refused request becomes a Refusal, which knows the wrong fields; what takes longer
// than one answer is followed as a job.
import { ApiError } from '../lib/api'
import type { Stream } from '../lib/stream.svelte'

/** What is wrong with one field, in both languages where the server says so. */
export interface FieldProblem {
  field: string // dotted: teams.0.unit; "" is the whole
  fr: string
  en: string
}

/** A request that the server refused. */
export class Refusal extends ApiError {
  constructor(
    status: number,
    detail: string,
    code: string,
    readonly fields: FieldProblem[],
  ) {
    super(status, detail, code)
  }
}

interface ProblemBody {
  title?: string
  detail?: string
  code?: string
  field?: string
  fr?: string
  en?: string
  errors?: { location?: string; message?: string; fr?: string; en?: string }[]
}

function fieldsOf({ field, fr, en, detail, errors }: ProblemBody): FieldProblem[] {
  const listed = (errors ?? []).map(({ location = '', message = '', fr, en }) => ({
    field: location.replace(/^body\.?/, '').replace(/\[(\d+)\]/g, '.$1'),
    fr: fr ?? message,
    en: en ?? message,
  }))
  if (listed.length > 0) return listed
  return fr || field ? [{ field: field ?? '', fr: fr ?? detail ?? '', en: en ?? detail ?? '' }] : []
}

/** Asks the server; an answer that is not 2xx is thrown as a Refusal. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } })
  if (response.ok) return response
  const body = (await response.json().catch(() => ({}))) as ProblemBody
  throw new Refusal(response.status, body.detail ?? body.title ?? '', body.code ?? '', fieldsOf(body))
}

export type Query = Record<string, string | number | string[] | undefined>

export function address(path: string, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) params.append(key, String(one))
  }
  return params.size > 0 ? `${path}?${params}` : path
}

export const read = async <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  (await send(address(path, query), { signal })).json()

export async function write<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(path, {
    method,
    signal,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return response.status === 204 ? (undefined as T) : response.json()
}

/** Told the share of a job that is done, from 0 to 1, and what it does. */
export type Progress = (share: number, message: string) => void

interface JobStatus {
  status: string
  progress: number
  message?: string
}

/** Asks for what may take longer than one answer: its body, or the job that works on it. */
export async function ordered<T>(path: string, body: unknown, signal: AbortSignal): Promise<T | { job: string }> {
  const headers = { 'content-type': 'application/json', prefer: 'respond-async' }
  const response = await send(path, { method: 'POST', body: JSON.stringify(body), headers, signal })
  return (await response.json()) as T | { job: string }
}

/**
 * Waits for the end of a job. The stream of the page tells how far it is; where none is open, or an event was lost, the
 * job is asked. Throws the problem of a job that failed.
 */
export async function follow(job: string, progress: Progress, signal: AbortSignal, stream?: Stream): Promise<void> {
  for (;;) {
    const status = (await (await send('/ogc/jobs/' + job, { signal })).json()) as JobStatus
    progress(status.progress / 100, status.message ?? '')
    if (status.status === 'successful') return
    if (status.status !== 'accepted' && status.status !== 'running') throw await failure(job, status, signal)
    await pause(job, progress, signal, stream)
  }
}

/** Why a job failed: its results say it as a problem. */
async function failure(job: string, status: JobStatus, signal: AbortSignal): Promise<unknown> {
  try {
    await send(`/ogc/jobs/${job}/results`, { signal })
  } catch (problem) {
    return problem
  }
  return new Refusal(422, status.message ?? '', 'invalid', [])
}

/** Rests until the job has ended by what the stream says, or for a while. */
function pause(job: string, progress: Progress, signal: AbortSignal, stream?: Stream): Promise<void> {
  return new Promise((done, fail) => {
    const source = stream?.source
    const timer = setTimeout(end, source ? 3000 : 350)
    source?.addEventListener('job', told)
    signal.addEventListener('abort', stop)

    function told({ data }: MessageEvent<string>) {
      const event = JSON.parse(data) as JobStatus & { id: string }
      if (event.id !== job) return
      progress(event.progress / 100, event.message ?? '')
      if (event.status !== 'accepted' && event.status !== 'running') end()
    }
    function end() {
      clear()
      done()
    }
    function stop() {
      clear()
      fail(signal.reason)
    }
    function clear() {
      clearTimeout(timer)
      source?.removeEventListener('job', told)
      signal.removeEventListener('abort', stop)
    }
  })
}
