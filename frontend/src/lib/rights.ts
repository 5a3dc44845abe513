// What the grants of the person who is logged in open on this screen. The server decides; this only chooses what to
// offer, so that nobody meets a page that answers with refusals.

/** One role held for a set of areas; `*` is everywhere. */
export interface Grant {
  role: string
  areas: string[] | null
}

const readers = ['commander', 'analyst', 'operator', 'admin']
const auditors = ['auditor', 'admin']

const holds = (roles: string[]) => (grants: readonly Grant[] | undefined) =>
  (grants ?? []).some(({ role }) => roles.includes(role))

/** Whether the map and its table are theirs. */
export const mayRead = holds(readers)
/** Whether the journal is theirs. */
export const mayAudit = holds(auditors)

/** The areas of every grant, each once, in order. */
export function areasOf(grants: readonly Grant[] | undefined): string[] {
  return [...new Set((grants ?? []).flatMap(({ areas }) => areas ?? []))]
}
