// An entry of the journal in words.
import { known, plain } from '../lib/format'
import { ending, type Entry } from './journal'
import type { JournalWords } from './words'

/** Who: a person, a machine, a user of the server's own machine, or nobody yet. */
export function whoIs(w: JournalWords, { account, machine }: Entry): string {
  if (!account) return w.nobody
  if (account.startsWith('cli:')) return `${account.slice(4)} (${w.system})`
  return machine ? `${account} (${w.machine})` : account
}

/** Operation, act, class and outcome; slugs that no word is known for are made readable. */
export function says(w: JournalWords, entry: Entry) {
  return {
    operation: operationName(w, entry.operation),
    act: known(w.acts, entry.act) ?? plain(entry.act),
    class: known(w.classes, entry.class) ?? plain(entry.class),
    outcome: outcomeName(w, entry.outcome),
    /** Without the status where all went well. */
    short: ending(entry.outcome) === 'done' ? w.endings.done : outcomeName(w, entry.outcome),
  }
}

/** What an outcome means, with the HTTP status that says so. */
export function outcomeName(w: JournalWords, outcome: string): string {
  const end = w.endings[ending(outcome)]
  return /^\d+$/.test(outcome) ? `${end} (${outcome})` : end
}

export const operationName = (w: JournalWords, operation: string) =>
  known(w.operations, operation) ?? plain(operation.replaceAll('-', ' '))
