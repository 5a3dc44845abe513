package checkpoints

import "vigie/modules/checkpoints/plan"

func again(p plan.Plan) plan.Request { return p.Request }

type shopStub struct{ workshop }

func newShop(d *desk) workshop { return shopStub{} }
func (shopStub) forget()       {}
