// What the grants of the person who is logged in open on this screen. The server decides; this only chooses what to
// offer, so that nobody meets a page that answers with refusals.

/** One role held for a set of areas; `*` is everywhere. */
export interface Grant {
  role: string
  areas: string[] | null
}

const readers = ['commander', 'analyst', 'operator', 'authority', 'admin']

/** Whether the map and its table are theirs. */
export const mayRead = (grants: readonly Grant[] | undefined) =>
  (grants ?? []).some(({ role }) => readers.includes(role))

/** Whether plans of checkpoints and forecasts are theirs to see: not for a traffic authority's machine. */
export const mayPlan = (grants: readonly Grant[] | undefined) =>
  mayRead((grants ?? []).filter(({ role }) => role !== 'authority'))

/** Whether the journal is theirs: it is of the whole house, so only for auditors of everywhere. */
export const mayAudit = (grants: readonly Grant[] | undefined) =>
  (grants ?? []).some(({ role, areas }) => role === 'auditor' && (areas ?? []).includes('*'))

/** The areas of every grant, each once, in order. */
export function areasOf(grants: readonly Grant[] | undefined): string[] {
  return [...new Set((grants ?? []).flatMap(({ areas }) => areas ?? []))]
}
