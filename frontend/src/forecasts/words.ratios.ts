// The words of the rates of accidents, in both languages.
import type { Lang } from '../lib/url'

const fr = {
  heading: 'Taux d’accidents',
  help: 'Des faits, pas une prévision : les accidents comptés, rapportés à ce qui les rend comparables.',
  per: 'Rapporté à',
  pers: { inhabitant: 'habitants', km: 'kilomètres de route', vehicle_km: 'véhicules-kilomètres' },
  level: 'Par',
  period: (from: string, to: string) => `Accidents du ${from} au ${to}.`,
  map: 'Carte des taux',
  caption: (n: number, unit: string) => `${n} secteurs ; ${unit}.`,
  place: 'Secteur',
  count: 'Accidents',
  raw: 'Taux brut',
  ratio: 'Taux comparable',
  interval: 'Intervalle à 95 %',
  vague: 'ne se distingue pas de l’ensemble',
  whole: (ratio: string, unit: string) => `Ensemble : ${ratio} (${unit}).`,
  measure: 'Compter',
  measures: { accidents: 'les accidents corporels', severity: 'leur gravité' },
  zaac: 'Zones d’accumulation (ZAAC)',
  rule: (metres: string, accidents: string, serious: string, years: string) =>
    `Règle historique : sur ${metres} m, au moins ${accidents} accidents corporels et ${serious} tués ou hospitalisés, en ${years} ans.`,
  noZone: 'Aucun tronçon ne remplit la règle.',
  road: 'Route',
  metres: 'Longueur (m)',
  serious: 'Tués ou hospitalisés',
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
  period: (from, to) => `Accidents from ${from} to ${to}.`,
  map: 'Map of the rates',
  caption: (n, unit) => `${n} areas; ${unit}.`,
  place: 'Area',
  count: 'Accidents',
  raw: 'Raw rate',
  ratio: 'Comparable rate',
  interval: '95% interval',
  vague: 'cannot be told from the whole',
  whole: (ratio, unit) => `Whole: ${ratio} (${unit}).`,
  measure: 'Count',
  measures: { accidents: 'injury accidents', severity: 'their severity' },
  zaac: 'Zones of accumulation (ZAAC)',
  rule: (metres, accidents, serious, years) =>
    `Historic rule: on ${metres} m, at least ${accidents} injury accidents and ${serious} people killed or hospitalised, in ${years} years.`,
  noZone: 'No stretch meets the rule.',
  road: 'Road',
  metres: 'Length (m)',
  serious: 'Killed or hospitalised',
  noneHere: 'No rate can be given here.',
  sortBy: (column) => `Sort by ${column}`,
  see: (place) => `See ${place} on the map`,
  below: (n) => `below ${n}`,
  range: (from, to) => `${from} to ${to}`,
  from: (n) => `${n} and more`,
  legend: 'Legend',
}

export const ratioWords: Record<Lang, RatioWords> = { fr, en }
