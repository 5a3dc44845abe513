package demo

import "math/rand/v2"

// names makes names of communes from syllables; they sound French and are meant to be nowhere.
type names struct {
	r    *rand.Rand
	used map[string]bool
}

func newNames(r *rand.Rand) *names { return &names{r: r, used: map[string]bool{}} }

var (
	nameHeads = [...]string{"Bel", "Brai", "Brou", "Cha", "Chan", "Cor", "Cour", "Da", "Dol", "Ébre", "Es", "Far", "Fon",
		"Ga", "Gou", "Gré", "Hau", "Jar", "Lan", "Lor", "Lu", "Mar", "Mau", "Mor", "Nan", "Or", "Pel", "Plu", "Quin", "Ran",
		"Ro", "Sau", "Ser", "Tal", "Thé", "Tour", "Val", "Vau", "Ver", "Vil"}
	nameMiddles = [...]string{"", "", "", "be", "cha", "de", "fre", "go", "le", "li", "mon", "ne", "que", "ro", "ta", "ve"}
	nameTails   = [...]string{"balle", "bourg", "brac", "court", "dure", "fosse", "gny", "gnac", "lières", "lon", "mare",
		"mesnil", "nay", "ray", "rolles", "sart", "seaux", "teuil", "thois", "val", "vigne", "ville", "vron", "xent", "zay"}
	nameSaints = [...]string{"Aubrin", "Baldic", "Corvan", "Dorèle", "Ermin", "Falgon", "Gorvain", "Hervile", "Jovien",
		"Larcan", "Morvain", "Norbin", "Orvain", "Quélen", "Romblain", "Savrin", "Thaurin", "Urvoy", "Valbin", "Yvarn"}
	nameRivers  = [...]string{"Aubrelle", "Bruyonne", "Malisse", "Orvande", "Sornaise", "Tessine", "Vaudraine"}
	nameStreets = [...]string{"des Tilleuls", "du Lavoir", "de la Halle", "des Écoles", "du Moulin", "de la Fontaine",
		"du Stade", "des Acacias", "de la Poste", "du Marché", "des Remparts", "de la Gare", "du Pont", "des Jardins"}
	placesToStop = [...]string{"la Croix-Blanche", "la Haute-Borne", "l'Étang-Neuf", "Bel-Air", "la Butte-au-Vent", "Chante-Alouette",
		"la Grande-Haie", "Maupertuis", "la Patte-d'Oie", "Bois-Joli", "la Belle-Étape", "Quatre-Chemins"}
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// next returns a name that was not used before; large towns have short ones.
func (n *names) next(population int) string {
	for {
		name := pick(n.r, nameHeads[:]) + pick(n.r, nameMiddles[:]) + pick(n.r, nameTails[:])
		switch kind := n.r.IntN(20); {
		case population > 5000:
		case kind < 4:
			name = "Saint-" + pick(n.r, nameSaints[:])
			if n.r.IntN(2) == 0 {
				name += "-" + pick(n.r, []string{"des-Bois", "le-Vieux", "la-Forêt", "du-Val", "en-Lande"})
			}
		case kind < 7:
			name += "-sur-" + pick(n.r, nameRivers[:])
		case kind < 9:
			name += "-" + pick(n.r, []string{"le-Grand", "le-Petit", "la-Rivière", "les-Bains", "l'Église", "le-Château"})
		case kind < 10:
			name = "Le " + pick(n.r, []string{"Mesnil", "Plessis", "Bourg", "Breuil"}) + "-" + name
		}
		if !n.used[name] {
			n.used[name] = true
			return name
		}
	}
}
