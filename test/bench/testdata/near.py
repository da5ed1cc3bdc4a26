# The peer of BenchmarkNear: FAISS as the public Python client for hash matching sets it up.
# near.py HASHES QUESTIONS ROUNDS prints one JSON object. Files hold 32 bytes a hash.
import json, resource, sys, time
import faiss, numpy

faiss.omp_set_num_threads(1)
hashes = numpy.fromfile(sys.argv[1], dtype=numpy.uint8).reshape(-1, 32)
questions = numpy.fromfile(sys.argv[2], dtype=numpy.uint8).reshape(-1, 32)

def rss():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()

before = rss()
index = faiss.IndexBinaryMultiHash(256, 16, 16)
index.nflip = 1
began = time.process_time()
index.add(hashes)
built = time.process_time() - began
held = rss() - before
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
found = 0
per = []
for _ in range(int(sys.argv[3])):
    began = time.process_time()
    # FAISS finds what is nearer than the radius.
    limits, _, _ = index.range_search(questions, 32)
    per.append((time.process_time() - began) / len(questions))
    found = int(limits[-1])
json.dump({"build_s": built, "bytes_per_hash": held / len(hashes), "peak_bytes_per_hash": peak / len(hashes), "search_s": sorted(per)[len(per) // 2], "found": found}, sys.stdout)
