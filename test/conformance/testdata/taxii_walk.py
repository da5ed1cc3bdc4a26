"""Drives a TAXII server with OASIS's client: walk, or story.

walk URL KEY COLLECTION LIMIT   prints "id version" of every object, page by page
story URL KEY COLLECTION        adds, reads, polls and deletes, and prints "ok"
"""
import sys

from taxii2client.v21 import ApiRoot, Collection, Server, as_pages


def walk(url, key, collection, limit):
    c = Collection(url + collection, user="lantern", password=key)
    pages = 0
    for what in (c.get_objects, c.get_manifest):
        seen = set()
        for page in as_pages(what, per_request=int(limit)):
            pages += 1
            for o in page.get("objects", []):
                version = o.get("modified") or o["version"]
                assert (o["id"], version) not in seen, "an object came twice"
                seen.add((o["id"], version))
        for id, version in sorted(seen):
            print(what.__name__, id, version)
    print("pages", pages, "x")


def patterns(collection):
    return [o.get("pattern") for o in collection.get_objects().get("objects", [])]


def story(url, key, collection):
    server = Server(url + "/taxii2/", user="lantern", password=key)
    assert server.title == "Lantern" and len(server.api_roots) == 1
    root = server.api_roots[0]
    assert isinstance(root, ApiRoot) and root.max_content_length > 0 and len(root.collections) == 3
    c = [c for c in root.collections if c.url == url + collection][0]
    assert c.can_read and c.can_write and "application/stix+json;version=2.1" in c.media_types
    posted = {
        "type": "indicator", "spec_version": "2.1", "id": "indicator--0a0a0a0a-0000-4000-8000-000000000001",
        "created": "2026-11-20T00:00:00.000Z", "modified": "2026-11-20T00:00:00.000Z", "labels": ["csam"],
        "pattern": "[url:value = 'https://files.example.com/posted']", "pattern_type": "stix", "valid_from": "2026-11-20T00:00:00Z",
        "extensions": {"extension-definition--c4c4afa5-2789-440c-9468-3e8a6fdf289f": {
            "extension_type": "property-extension", "basis": {"policy": "child safety 2.1", "reviewed_by": "human"}}},
    }
    status = c.add_objects({"objects": [posted, {**posted, "id": "indicator--0a0a0a0a-0000-4000-8000-000000000002", "pattern": "[url:value LIKE 'a']"}]})
    assert status and status.success_count == 1 and status.failure_count == 1 and len(status.failures) == 1
    status.refresh()
    assert status.total_count == 2
    ours = status.successes[0]["message"].split()[-1]
    got = c.get_object(ours)["objects"]
    assert len(got) == 1 and got[0]["pattern"] == posted["pattern"]
    assert c.object_versions(ours)["versions"] == [got[0]["modified"]]
    assert len(c.get_objects(id=ours, type="indicator", spec_version="2.1", version="last")["objects"]) == 1
    assert "objects" not in c.get_objects(type="malware")
    bare = {**posted, "id": "indicator--0a0a0a0a-0000-4000-8000-000000000003", "pattern": "[url:value = 'https://files.example.com/bare']", "extensions": {}}
    held = c.add_objects({"objects": [bare]}, wait_for_completion=False)
    assert held.status == "pending" and held.pending_count == 1 and len(held.pendings) == 1
    assert bare["pattern"] not in patterns(c)
    c.add_objects({"objects": [{**bare, "extensions": posted["extensions"]}]})
    held.refresh()
    assert held.status == "complete" and held.success_count == 1 and len(held.successes) == 1 and not held.pendings
    assert bare["pattern"] in patterns(c)
    outcomes = [c for c in root.collections if c.title == "Outcomes"][0]
    assert outcomes.can_read and not outcomes.can_write and "objects" not in outcomes.get_objects()
    c.delete_object(ours)
    assert "objects" not in c.get_objects(id=ours)
    print("ok")


if __name__ == "__main__":
    {"walk": walk, "story": story}[sys.argv[1]](*sys.argv[2:])
