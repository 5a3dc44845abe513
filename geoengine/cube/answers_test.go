package cube_test

import (
	"fmt"
	"testing"
)

func TestEqualsSQL(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	if err := commit(t.Context(), store, nil, randomRows(random(1), "e", 4000)); err != nil {
		t.Fatal(err)
	}
	c := loaded(t, store)
	for seed := range uint64(60) {
		r := random(seed)
		q := randomQuery(r)
		t.Run(fmt.Sprint(seed), func(t *testing.T) { checkAll(t, store, c, q, r) })
	}
}
