// The words of the rates of accidents, in both languages.
import type { Lang } from '../lib/url'

const fr = {
  heading: 'Taux d’accidents',
  help: 'Des faits, pas une prévision : les accidents comptés, rapportés à ce qui les rend comparables.',
  per: 'Rapporté à',
  pers: { inhabitant: 'habitants', km: 'kilomètres de route', vehicle_km: 'véhicules-kilomètres' },
  level: 'Par',
  area: 'Territoire',
  period: (from: string, to: string) => `Accidents du ${from} au ${to}.`,
  map: 'Carte des taux',
  caption: (n: number, unit: string) => `${n} secteurs ; ${unit}.`,
  place: 'Secteur',
  count: 'Accidents',
  denominator: 'Rapportés à',
  ratio: 'Taux',
  interval: 'Intervalle à 95 %',
  vague: 'trop peu de faits pour comparer',
  none: 'pas de donnée',
  noneHere: 'Aucun taux ne peut être donné ici.',
  sortBy: (column: string) => `Trier par ${column}`,
  see: (place: string) => `Voir ${place} sur la carte`,
  below: (n: string) => `moins de ${n}`,
  range: (from: string, to: string) => `${from} à ${to}`,
  from: (n: string) => `${n} et plus`,
  legend: 'Légende',
}

export type RatioWords = typeof fr

const en: RatioWords = {
  heading: 'Rates of accidents',
  help: 'Facts, not a forecast: counted accidents, related to what makes them comparable.',
  per: 'Per',
  pers: { inhabitant: 'inhabitants', km: 'kilometres of road', vehicle_km: 'vehicle-kilometres' },
  level: 'By',
  area: 'Territory',
  period: (from, to) => `Accidents from ${from} to ${to}.`,
  map: 'Map of the rates',
  caption: (n, unit) => `${n} areas; ${unit}.`,
  place: 'Area',
  count: 'Accidents',
  denominator: 'Related to',
  ratio: 'Rate',
  interval: '95% interval',
  vague: 'too few facts to compare',
  none: 'no data',
  noneHere: 'No rate can be given here.',
  sortBy: (column) => `Sort by ${column}`,
  see: (place) => `See ${place} on the map`,
  below: (n) => `below ${n}`,
  range: (from, to) => `${from} to ${to}`,
  from: (n) => `${n} and more`,
  legend: 'Legend',
}

export const ratioWords: Record<Lang, RatioWords> = { fr, en }
