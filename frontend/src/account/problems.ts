// The server's problems in words, by their stable codes: for the parts of the page that are loaded on demand.
import { ApiError } from '../lib/api'
import type { Lang } from '../lib/url'

const fr = {
  invalid: 'Le serveur ne comprend pas la demande',
  denied: 'Ce compte n’a pas ce droit.',
  missing: 'Introuvable, ou hors de vos droits.',
  throttled: 'Trop de demandes : attendez un instant.',
  reason: 'Un motif est exigé : 3 à 500 caractères.',
  journal: 'Le journal n’a pas pu être écrit : rien n’a été communiqué. Prévenez l’administrateur.',
  busy: 'Le serveur est occupé : réessayez.',
  timeout: 'La réponse prend trop de temps : demandez-en moins.',
  too_large: 'La demande est trop grande.',
  internal: 'Le serveur a rencontré une erreur.',
  unreachable: 'Le serveur ne répond pas. Vérifiez le réseau.',
}

const en: typeof fr = {
  invalid: 'The server does not understand the request',
  denied: 'This account does not have this right.',
  missing: 'Not found, or beyond your rights.',
  throttled: 'Too many requests: wait a moment.',
  reason: 'A reason is required: 3 to 500 characters.',
  journal: 'The journal could not be written: nothing was handed out. Tell the administrator.',
  busy: 'The server is busy: try again.',
  timeout: 'The answer takes too long: ask for less.',
  too_large: 'The request is too large.',
  internal: 'The server met an error.',
  unreachable: 'The server does not answer. Check the network.',
}

const words: Record<Lang, typeof fr> = { fr, en }

/** What went wrong, in a sentence. For a request that is not understood, with what the server says of it. */
export function problemText(lang: Lang, error: unknown): string {
  const w = words[lang]
  if (!(error instanceof ApiError)) return w.unreachable
  if (error.code === 'invalid') return error.detail ? `${w.invalid} : ${error.detail}` : w.invalid + '.'
  return w[error.code as keyof typeof fr] ?? w.internal
}
