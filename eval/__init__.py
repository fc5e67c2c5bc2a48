"""The evaluation: question sets, metrics, runs, comparisons, the gate, benchmarks and peers; all of it offline."""
