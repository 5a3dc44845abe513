// The server's operations on log-in sessions, and the device in words.
import { ask, get } from '../lib/api'

export interface LoginSession {
  id: string
  created: string
  used: string
  expires: string
  address: string
  agent: string
  current: boolean
  account?: string
}

/** The sessions of the one who asks, the present one first, then the one used last. */
export async function mySessions(signal?: AbortSignal): Promise<LoginSession[]> {
  const { sessions } = await get<{ sessions: LoginSession[] | null }>('/api/sessions', undefined, signal)
  return [...(sessions ?? [])].sort((a, b) => Number(b.current) - Number(a.current) || b.used.localeCompare(a.used))
}

/** Ends a session. */
export const endSession = (id: string) => ask('/api/sessions/' + encodeURIComponent(id), { method: 'DELETE' })

const browsers: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
  [/QGIS/, 'QGIS'],
  [/curl\//, 'curl'],
]
const systems: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
]

/** `Firefox · Linux` of what a browser calls itself; '' when nothing is known of it. */
export function device(agent: string): string {
  const first = (table: [RegExp, string][]) => table.find(([pattern]) => pattern.test(agent))?.[1]
  return [first(browsers), first(systems)].filter(Boolean).join(' · ')
}
