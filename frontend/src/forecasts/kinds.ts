// Kinds of operations by name: the slugs of categories, or those that a module has of its own.
import type { Messages } from '../i18n/fr'
import * as format from '../lib/format'

/** `ems`, `rescue.call.ems` → « Secours à personne ». */
export function kindName(t: Messages, kind: string): string {
  return format.known(t.categories, kind) ?? format.known(t.categories, 'rescue.call.' + kind) ?? format.plain(kind)
}
