"""Comments, changes, statuses, checks and the data branch of the contract server of GitHub."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from servers.base import CHANGE, REPOSITORY, Answer, Asked, json_answer
from servers.github_state import LOGIN, GithubState, R, Values, body_of, said

_COMMENT = f"PATCH {R}/issues/comments/{{comment_id}}"
_COMBINED = f"GET {R}/commits/{{ref}}/status"
_CHECK = f"POST {R}/check-runs"
_FILE = f"PUT {R}/contents/{{path}}"


class GithubChanges(GithubState):
    """How a forge answers."""

    # -- comments and changes --------------------------------------------------------------------

    def get_user(self, values: Values, asked: Asked) -> Answer:
        if self.app:
            return said(403, "Resource not accessible by integration")
        return json_answer({**self.example("GET /user"), "login": LOGIN, "user_view_type": "private"})

    def _comment(self, number: int) -> dict[str, Any]:
        _, login, body = self.comments[number]
        made: dict[str, Any] = self.example(_COMMENT)
        made |= {"id": number, "body": body, "html_url": f"{self.url}/{REPOSITORY}/pull/{CHANGE}#issuecomment-{number}"}
        made["user"] |= {"login": login, "type": "Bot" if login == LOGIN and self.app else "User"}
        return made

    def list_comments(self, values: Values, asked: Asked) -> Answer:
        of = int(values["issue_number"])
        return self.listed(asked, [self._comment(key) for key in sorted(self.comments) if self.comments[key][0] == of])

    def create_comment(self, values: Values, asked: Asked) -> Answer:
        number = self.add_comment(body_of(asked)["body"], ours=True, change=int(values["issue_number"]))
        return json_answer(self._comment(number), 201)

    def update_comment(self, values: Values, asked: Asked) -> Answer:
        number = int(values["comment_id"])
        if number not in self.comments:
            return self.refusal(404)
        self.comments[number] = (*self.comments[number][:2], body_of(asked)["body"])
        return json_answer(self._comment(number))

    def delete_comment(self, values: Values, asked: Asked) -> Answer:
        return Answer(204) if self.comments.pop(int(values["comment_id"]), None) else self.refusal(404)

    def _pull(self, example: dict[str, Any], number: int) -> dict[str, Any]:
        head, branch, state = self.pulls[number]
        example |= {"number": number, "state": state, "requested_teams": []}
        example["head"] |= {"sha": head, "label": branch, "ref": branch.partition(":")[2]}
        return example

    def get_pull(self, values: Values, asked: Asked) -> Answer:
        number = int(values["pull_number"])
        if number not in self.pulls:
            return self.refusal(404)
        return json_answer(self._pull(self.example("GET /repos/{owner}/{repo}/pulls/{pull_number}"), number))

    def list_pulls(self, values: Values, asked: Asked) -> Answer:
        wanted, state = values.get("commit_sha"), asked.one("state")
        entries = [
            self._pull(self.example("GET /repos/{owner}/{repo}/pulls")[0], number)
            for number, (head, branch, is_) in sorted(self.pulls.items())
            if (head == wanted if wanted else asked.one("head", branch) == branch and state in {is_, "all"})
        ]
        return self.listed(asked, entries)

    # -- statuses and checks ---------------------------------------------------------------------

    def set_status(self, values: Values, asked: Asked) -> Answer:
        made = {**self.example("POST /repos/{owner}/{repo}/statuses/{sha}", 201), **body_of(asked)}
        self.posted.append({**made, "id": next(self.numbers), "sha": values["sha"]})
        return json_answer(made, 201)

    def combined_status(self, values: Values, asked: Asked) -> Answer:
        latest = {one["context"]: one for one in self.posted if one["sha"] == values["ref"]}
        simple = self.example(_COMBINED)["statuses"][0]
        entries = [{name: latest[context].get(name) for name in simple} for context in sorted(latest)]
        page = json.loads(self.listed(asked, entries, "statuses").body)
        return json_answer({**self.example(_COMBINED), **page})

    def create_check(self, values: Values, asked: Asked) -> Answer:
        number = next(self.numbers)
        self.checks[number] = {"status": "queued", "conclusion": None, **body_of(asked)}
        self._annotate(number, asked)
        return json_answer(self._check(number), 201)

    def update_check(self, values: Values, asked: Asked) -> Answer:
        number = int(values["check_run_id"])
        self.checks[number] |= body_of(asked)
        self._annotate(number, asked)
        return json_answer(self._check(number))

    def _annotate(self, number: int, asked: Asked) -> None:
        output = body_of(asked).get("output", {})
        if any(len(str(output.get(name, "")).encode()) > 65_535 for name in ("summary", "text")):
            self.problem("GitHub takes 65,535 bytes of a summary")
        self.annotations.setdefault(number, []).extend(output.get("annotations", []))

    def _check(self, number: int) -> dict[str, Any]:
        given, made = self.checks[number], self.example(_CHECK, 201)
        made |= {"id": number, **{name: given[name] for name in ("name", "head_sha", "status", "conclusion")}}
        made["output"] |= {"title": given["output"]["title"], "annotations_count": len(self.annotations[number])}
        return dict(made)

    def list_checks(self, values: Values, asked: Asked) -> Answer:
        entries = [self._check(key) for key in sorted(self.checks) if self.checks[key]["head_sha"] == values["ref"]]
        return self.listed(asked, entries, "check_runs")

    # -- the data branch -------------------------------------------------------------------------

    def put_file(self, values: Values, asked: Asked) -> Answer:
        body = body_of(asked)
        files = self.branches.get(body["branch"])
        if files is None:
            return said(404, f"Branch {body['branch']} not found")
        if values["path"] in files:
            return said(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
        files[values["path"]] = body["content"].encode()
        return json_answer(self.example(_FILE, 201), 201)

    def create_tree(self, values: Values, asked: Asked) -> Answer:
        return self._object("POST /repos/{owner}/{repo}/git/trees", asked)

    def create_commit(self, values: Values, asked: Asked) -> Answer:
        if body_of(asked)["tree"] not in self._objects:
            return self.refusal(422)
        return self._object("POST /repos/{owner}/{repo}/git/commits", asked)

    def _object(self, operation: str, asked: Asked) -> Answer:
        name = hashlib.sha1(asked.body).hexdigest()
        self._objects.add(name)
        return json_answer({**self.example(operation, 201), "sha": name}, 201)

    def create_ref(self, values: Values, asked: Asked) -> Answer:
        branch = body_of(asked)["ref"].removeprefix("refs/heads/")
        if branch in self.branches or body_of(asked)["sha"] not in self._objects:
            return said(422, "Reference already exists")
        self.branches[branch] = {}
        return json_answer(self.example("POST /repos/{owner}/{repo}/git/refs", 201), 201)


Handler = Callable[[GithubChanges, Values, Asked], Answer]
HANDLERS: Mapping[str, Handler] = {
    "GET /user": GithubChanges.get_user,
    f"GET {R}/issues/{{issue_number}}/comments": GithubChanges.list_comments,
    f"POST {R}/issues/{{issue_number}}/comments": GithubChanges.create_comment,
    _COMMENT: GithubChanges.update_comment,
    f"DELETE {R}/issues/comments/{{comment_id}}": GithubChanges.delete_comment,
    f"GET {R}/pulls/{{pull_number}}": GithubChanges.get_pull,
    f"GET {R}/pulls": GithubChanges.list_pulls,
    f"GET {R}/commits/{{commit_sha}}/pulls": GithubChanges.list_pulls,
    f"POST {R}/statuses/{{sha}}": GithubChanges.set_status,
    _COMBINED: GithubChanges.combined_status,
    _CHECK: GithubChanges.create_check,
    f"PATCH {R}/check-runs/{{check_run_id}}": GithubChanges.update_check,
    f"GET {R}/commits/{{ref}}/check-runs": GithubChanges.list_checks,
    _FILE: GithubChanges.put_file,
    f"POST {R}/git/trees": GithubChanges.create_tree,
    f"POST {R}/git/commits": GithubChanges.create_commit,
    f"POST {R}/git/refs": GithubChanges.create_ref,
}
