// French, the first language. English must have every key of this file: `Messages` is its type.

import type { Lang } from '../lib/url'
import { attributes, values } from './words.fr'

const plural = (n: number, one: string, many: string) => (Math.abs(n) < 2 ? one : many)

export const fr = {
  code: 'fr' as Lang,
  locale: 'fr-FR' as string,
  title: 'Vigie',
  tagline: 'Où et quand : les faits sur la carte',
  loading: 'Chargement…',
  skip: 'Aller à la carte',
  close: 'Fermer',
  retry: 'Réessayer',
  reload: 'Recharger la page',
  reset: 'Tout effacer',
  remove: (what: string) => `Retirer : ${what}`,
  more: 'Afficher la suite',
  showAll: (n: string) => `Tout afficher (${n})`,
  showLess: 'Réduire',
  none: 'aucun',
  all: 'tous',

  roles: {
    commander: 'commandant',
    analyst: 'analyste',
    operator: 'opérateur',
    authority: 'gestionnaire routier',
    auditor: 'auditeur',
    admin: 'administrateur',
  },

  header: {
    language: 'English',
    toNight: 'Thème de nuit',
    toDay: 'Thème de jour',
    filters: (n: number) => (n ? `Filtres (${n})` : 'Filtres'),
    share: 'Copier le lien',
    shared: 'Lien copié',
    views: 'Présentation',
    map: 'Carte',
    table: 'Tableau',
    journal: 'Journal',
    account: (grant: string) => `Compte : ${grant}`,
    more: (n: number) => `et ${n} ${plural(n, 'autre droit', 'autres droits')}`,
    everywhere: 'tout le territoire',
  },

  search: {
    label: 'Chercher un lieu',
    placeholder: 'Commune, département…',
    empty: 'Aucun lieu de ce nom',
    found: (n: number) => `${n} ${plural(n, 'lieu trouvé', 'lieux trouvés')}`,
    failed: 'La recherche a échoué',
    limit: (name: string) => `Limiter à ${name}`,
  },

  headline: {
    label: 'En bref',
    events: (n: number) => plural(n, 'événement', 'événements'),
    accidents: (n: number) => plural(n, 'accident', 'accidents'),
    thefts: (n: number) => plural(n, 'vol', 'vols'),
    rescues: (n: number) => plural(n, 'appel de secours', 'appels de secours'),
    everywhere: 'Tout le territoire',
    period: (from: string, to: string) => `du ${from} au ${to}`,
    day: (day: string) => `le ${day}`,
    everything: 'toute la période',
    freshness: (when: string) => `Données au ${when}`,
    noFreshness: 'Date des données inconnue',
    synthetic: 'Données fictives',
    syntheticHint: 'Des événements visibles sont inventés, pour la démonstration : n’en tirez aucune décision.',
    filters: 'Filtres actifs',
    noFilter: 'Aucun filtre',
    unplaced: (n: string) => `${n} sans position, absents de la carte`,
    hours: (n: number) => `${n} ${plural(n, 'heure', 'heures')} sur 168`,
    updating: 'Mise à jour…',
  },

  time: {
    heading: 'Période',
    brush: 'Événements dans le temps',
    from: 'Du',
    to: 'au',
    start: 'Début de la période',
    end: 'Fin de la période',
    move: 'Déplacer la période',
    presets: 'Raccourcis',
    last7: '7 jours',
    last30: '30 jours',
    last12: '12 mois',
    everything: 'Tout',
    lastHint: (preset: string) => `Les derniers ${preset} des données`,
    wrong: 'La date de fin précède celle de début.',
    describe: (from: string, to: string, total: string, peak: string, count: string) =>
      `Histogramme du ${from} au ${to} : ${total} événements ; maximum ${count}, autour du ${peak}.`,
    per: (days: number) => (days === 1 ? 'par jour' : `par tranche de ${days} jours`),
    max: (n: string) => `max. ${n}`,
    monthly: 'protégés, par mois',
    masked: (n: string) => `mois masqués : ${n}`,
    panels: 'Période ou heures',
    show: 'Afficher la période et les heures',
    hide: 'Masquer',
  },

  hours: {
    byDay: 'Jours de la semaine',
    byHour: 'Heures du jour',
    heading: 'Heures et jours',
    help: 'Choisissez des cases, un jour ou une heure entière.',
    clear: 'Toute la semaine',
    days: ['lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi', 'dimanche'],
    short: ['lun.', 'mar.', 'mer.', 'jeu.', 'ven.', 'sam.', 'dim.'],
    hour: (hour: number) => `${hour} h`,
    slot: (day: string, hour: number) => `${day}, ${hour} h à ${hour + 1} h`,
    unknown: (n: string) => `Heure inconnue : ${n}`,
  },

  months: ['janv.', 'févr.', 'mars', 'avr.', 'mai', 'juin', 'juil.', 'août', 'sept.', 'oct.', 'nov.', 'déc.'],

  filters: {
    heading: 'Filtres',
    category: 'Nature',
    severity: 'Gravité',
    source: 'Source',
    area: 'Secteur',
    hours: 'Heures',
    period: 'Période',
    more: 'Circonstances',
    bbox: 'cadre de la carte',
    level: 'niveau de secteur',
    empty: 'Rien à filtrer.',
    emptyField: 'Aucune valeur',
  },

  map: {
    label: 'Carte des événements',
    help: 'Flèches : déplacer. + et − : zoomer. Le tableau donne les mêmes chiffres.',
    zoomIn: 'Zoomer',
    zoomOut: 'Dézoomer',
    whole: 'Tout le territoire',
    sources: 'Sources',
    loading: 'La carte se met à jour…',
    failed: 'La carte n’a pas pu charger toutes les données.',
    noWebgl: 'Ce navigateur ne peut pas dessiner la carte (WebGL 2 manque). Le tableau donne les mêmes chiffres.',
    nothing: 'Aucun événement ici avec ces filtres.',
    noData: 'La base est vide. Importez des données : vigie import.',
  },

  guard: {
    below: (k: number) => `<${k}`,
    withheld: 'masqué',
    of: (noun: string, hidden: string) => `${noun} : ${hidden}`,
    untold: 'non communiqué',
    atLeast: (n: string) => `≥ ${n}`,
    cells: (n: number, text: string) => `${text} ${plural(n, 'nombre masqué', 'nombres masqués')}`,
    why: (k: number) => `Moins de ${k} : le nombre est masqué pour que personne ne soit reconnu.`,
    whyWithheld: 'Masqué : protège une case voisine.',
    years: (families: string, years: string) => `${families} : comptage par années entières seulement (${years}).`,
    noYear: (families: string) => `${families} : aucune année entière n’est encore comptée.`,
    unpublished: (families: string) => `${families} : comptages protégés pas encore publiés pour cette période.`,
    wholeYears: (families: string) =>
      `${families} : aucun chiffre ici, comptage par années entières seulement (du 1er janvier au 31 décembre).`,
    ignored: (families: string, filters: string) =>
      `${families} : aucun chiffre ici, ce comptage ne se filtre pas par ${filters}.`,
    tooFine: (families: string) => `${families} : aucun chiffre pour des hexagones aussi petits, dézoomez.`,
    span: (from: string, to: string) => (from === to ? from : `${from} à ${to}`),
    parts: (families: string) => `Sans ${families} : ni heures, ni liste, car ces événements sont protégés.`,
    list: (items: string[]) => new Intl.ListFormat('fr', { type: 'conjunction' }).format(items),
  },

  legend: {
    heading: 'Légende',
    inView: (n: string) => `${n} dans la vue`,
    unit: 'Événements par hexagone',
    size: (area: string) => `hexagones de ${area} environ`,
    range: (from: string, to: string) => (from === to ? from : `${from} à ${to}`),
    last: (from: string) => `${from} et plus`,
    fixed: 'Échelle fixe : elle ne dépend pas des filtres.',
    units: 'Unités et radars',
    marks: 'G gendarmerie, P police, F pompiers, R radar, V panneau',
  },

  link: {
    version: (v: string) => `Ce lien vient d’une autre version (${v}) : une partie a pu être laissée de côté.`,
    ignored: (keys: string) => `Ce lien est incomplet ou ancien. Laissé de côté : ${keys}.`,
  },

  status: {
    label: 'État',
    refreshed: (time: string) => `Nouvelles données reçues à ${time}`,
    importing: (source: string, records: string) => `Import « ${source} » en cours : ${records} lignes lues`,
    imported: (source: string, fresh: string, changed: string) =>
      `Import « ${source} » terminé : ${fresh} nouveaux, ${changed} modifiés`,
    importFailed: (source: string) => `L’import « ${source} » a échoué`,
    loadingStore: (done: string, total: string) => `Le serveur charge les données : ${done} sur ${total}`,
    loadingStoreOnly: 'Le serveur charge les données…',
    disconnected: 'Liaison interrompue : les chiffres ne se mettent plus à jour. Nouvel essai en cours.',
  },

  error: {
    part: 'Cette partie de l’écran n’a pas pu être chargée.',
    summary: 'Les chiffres n’ont pas pu être mis à jour.',
    meta: 'Le serveur n’a pas pu dire ce qu’il contient.',
    invalid: 'Le serveur ne comprend pas un des filtres.',
  },

  severities: {
    fatal: 'Mortel',
    serious: 'Blessés graves',
    slight: 'Blessés légers',
    injury: 'Blessés, gravité inconnue',
    damage: 'Matériel seul',
    unknown: 'Inconnue',
  },

  categories: {
    'road.accident': 'Accident de la route',
    road: 'Route',
    vehicle: 'Véhicule',
    'vehicle.theft': 'Vol de véhicule',
    'vehicle.theft.car': 'Vol de voiture',
    'vehicle.theft.motorcycle': 'Vol de deux-roues motorisé',
    'vehicle.theft.from': 'Vol dans un véhicule',
    rescue: 'Secours',
    'rescue.call': 'Appel de secours',
    'rescue.call.medical': 'Secours à personne',
    'rescue.call.ems': 'Secours à personne',
    'rescue.call.fire': 'Incendie',
    'rescue.call.traffic': 'Accident de circulation (appel)',
    'rescue.call.accident': 'Accident (appel)',
    'rescue.call.other': 'Autre intervention',
  },

  levels: {
    country: 'pays',
    region: 'région',
    departement: 'département',
    commune: 'commune',
    circonscription: 'circonscription',
    brigade: 'brigade',
  },

  attributes,
  values,
}

export type Messages = typeof fr
