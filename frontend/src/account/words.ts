// The words of the dialogs about the account, in both languages: they come with the dialogs.
import type { Lang } from '../lib/url'

const fr = {
  sessions: 'Mes sessions',
  until: (when: string) => `Session ouverte jusqu’au ${when}`,
  logout: 'Se déconnecter',
  intro: 'Les appareils où votre compte est connecté. Fermez ce que vous ne reconnaissez pas.',
  device: 'Appareil',
  created: 'Ouverte',
  used: 'Dernier usage',
  expires: 'Expire',
  address: 'Adresse',
  action: 'Action',
  current: 'cet appareil',
  unknown: 'appareil inconnu',
  end: 'Fermer',
  endOf: (what: string) => `Fermer la session : ${what}`,
  endOthers: (n: number) => (n === 1 ? 'Fermer l’autre session' : `Fermer les ${n} autres sessions`),
  ended: (n: number) => (n === 1 ? 'Une session fermée.' : `${n} sessions fermées.`),
  alone: 'Aucune autre session.',
  failed: 'Les sessions n’ont pas pu être chargées.',
  endFailed: 'Une session n’a pas pu être fermée.',
  reason: 'Motif de l’export',
  reasonHelp: 'Le motif est inscrit au journal, avec votre nom, avant que les données ne partent.',
  reasonLabel: 'Pourquoi ces données ? (au moins 3 caractères)',
  reasonExample: 'Exemple : contrôle trimestriel, réquisition 2026-114',
  reasonShort: 'Écrivez un motif d’au moins 3 caractères.',
  confirm: 'Exporter',
  cancel: 'Annuler',
}

export type AccountWords = typeof fr

const en: AccountWords = {
  sessions: 'My sessions',
  until: (when) => `Session open until ${when}`,
  logout: 'Sign out',
  intro: 'The devices on which your account is signed in. Close what you do not recognise.',
  device: 'Device',
  created: 'Opened',
  used: 'Last used',
  expires: 'Expires',
  address: 'Address',
  action: 'Action',
  current: 'this device',
  unknown: 'unknown device',
  end: 'Close',
  endOf: (what) => `Close the session: ${what}`,
  endOthers: (n) => (n === 1 ? 'Close the other session' : `Close the ${n} other sessions`),
  ended: (n) => (n === 1 ? 'One session closed.' : `${n} sessions closed.`),
  alone: 'No other session.',
  failed: 'The sessions could not be loaded.',
  endFailed: 'A session could not be closed.',
  reason: 'Reason for the export',
  reasonHelp: 'The reason is written to the journal, with your name, before the data leave.',
  reasonLabel: 'Why these data? (at least 3 characters)',
  reasonExample: 'Example: quarterly check, requisition 2026-114',
  reasonShort: 'Write a reason of at least 3 characters.',
  confirm: 'Export',
  cancel: 'Cancel',
}

export const accountWords: Record<Lang, AccountWords> = { fr, en }
