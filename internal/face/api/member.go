package api

import (
	"context"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/policy"
)

func trainPerson(x *exchange.Exchange, ctx context.Context, a policy.Actor, id lantern.ID, t lantern.Training) (lantern.Person, error) {
	if err := t.Validate(); err != nil {
		return lantern.Person{}, err
	}
	return x.TrainPerson(ctx, a, id, t.Until)
}
