// The words that the rooms share, in both languages.
import type { Lang } from '../lib/url'

const fr = {
  skip: 'Aller au contenu',
  areaAdd: 'Ajouter une commune, un département…',
  areaRemove: (name: string) => `Retirer ${name}`,
}

export type RoomWords = typeof fr

const en: RoomWords = {
  skip: 'Skip to the content',
  areaAdd: 'Add a commune, a département…',
  areaRemove: (name) => `Remove ${name}`,
}

export const roomWords: Record<Lang, RoomWords> = { fr, en }
