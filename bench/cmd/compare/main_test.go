package main

import (
	"testing"

	"bench/internal/result"
)

func TestMergeMakesOneRowOfRunsTakenInTurns(t *testing.T) {
	run := func(us float64) result.Result {
		return result.Result{Name: "gateway", Workload: "small", Runs: []result.Run{{Figures: map[string]float64{"us": us}}}}
	}
	var rows []result.Result
	for _, us := range []float64{30, 10, 20} {
		rows = merge(rows, run(us))
	}
	if len(rows) != 1 || len(rows[0].Runs) != 3 || rows[0].Summary["us"] != (result.Spread{Min: 10, Median: 20, Max: 30}) {
		t.Errorf("%+v", rows)
	}
	rows = merge(rows, result.Result{Name: "haproxy", Workload: "small"})
	if len(rows) != 2 {
		t.Errorf("%d rows", len(rows))
	}
}
