// The words before the map, in both languages.
import type { Lang } from '../lib/url'

const fr = {
  login: {
    heading: 'Connexion',
    name: 'Identifiant',
    password: 'Mot de passe',
    submit: 'Se connecter',
    busy: 'Connexion…',
    refused: 'Identifiant ou mot de passe incorrect.',
    throttled: 'Trop d’essais. Attendez un instant avant de recommencer.',
    unreachable: 'Le serveur ne répond pas. Vérifiez le réseau, puis réessayez.',
    expired: 'La session a pris fin. Reconnectez-vous : la carte reprendra où vous en étiez.',
    note: 'Accès réservé aux personnes habilitées.',
    missing: 'Saisissez l’identifiant et le mot de passe.',
    disabled: 'Ce compte est désactivé. Adressez-vous à votre administrateur.',
    sso: 'La connexion par votre annuaire n’a pas abouti. Recommencez, ou adressez-vous à votre administrateur.',
    with: (title: string) => `Se connecter avec ${title}`,
    or: 'ou',
    noWay: 'Aucun moyen de connexion n’est ouvert sur ce serveur.',
  },

  doorstep: {
    heading: 'Ce compte n’a pas d’écran ici',
    text: 'Ses droits s’exercent par l’API : clé ou jeton, données de ses territoires seulement. La carte demande un rôle de lecture (commandant, analyste, opérateur, gestionnaire routier), le journal celui d’auditeur de tout le territoire.',
    ogc: 'L’API OGC : collections, tuiles, traitements',
    openapi: 'La description OpenAPI de toutes les opérations',
  },
}

const en: typeof fr = {
  login: {
    heading: 'Sign in',
    name: 'User name',
    password: 'Password',
    submit: 'Sign in',
    busy: 'Signing in…',
    refused: 'Wrong user name or password.',
    throttled: 'Too many attempts. Wait a moment before trying again.',
    unreachable: 'The server does not answer. Check the network, then try again.',
    expired: 'The session has ended. Sign in again: the map will resume where you were.',
    note: 'Access is limited to authorised persons.',
    missing: 'Enter the user name and the password.',
    disabled: 'This account is disabled. Ask your administrator.',
    sso: 'Signing in through your directory did not work. Try again, or ask your administrator.',
    with: (title) => `Sign in with ${title}`,
    or: 'or',
    noWay: 'No way to sign in is open on this server.',
  },

  doorstep: {
    heading: 'This account has no screen here',
    text: 'Its rights are used through the API: key or token, data of its areas only. The map takes a reading role (commander, analyst, operator, traffic authority), the journal that of an auditor of everywhere.',
    ogc: 'The OGC API: collections, tiles, processes',
    openapi: 'The OpenAPI description of every operation',
  },
}

export const loginWords: Record<Lang, typeof fr> = { fr, en }
