// Package modules is the one visible list of modules. A new module is a folder here and a line below.
package modules

import (
	"vigie/module"
	"vigie/modules/accidents"
	"vigie/modules/cartheft"
	"vigie/modules/checkpoints"
	"vigie/modules/firestations"
)

// All returns every module.
func All() []module.Module {
	return []module.Module{
		accidents.Module(),
		cartheft.Module(),
		checkpoints.Module(),
		firestations.Module(),
	}
}
