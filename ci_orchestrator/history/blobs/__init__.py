"""Where the history is kept between builds, when the machines that run them keep nothing.

A backend satisfies `history.blobs.base.BlobStore`; `history.blobs.opening` finds it by the scheme of its address.
"""

_HERE = "ci_orchestrator.history.blobs"

BACKENDS: dict[str, str] = {
    "branch": f"{_HERE}.branch:BranchBlobs",
    "folder": f"{_HERE}.folder:FolderBlobs",
    "memory": f"{_HERE}.memory:MemoryBlobs",
    "postgres": f"{_HERE}.postgres:PostgresBlobs",
    "postgresql": f"{_HERE}.postgres:PostgresBlobs",
    "s3": f"{_HERE}.s3:S3Blobs",
}
"""By scheme. A backend is made of the rest of the address and the project's directory. Third parties register theirs
under the entry-point group ``ci_orchestrator.blobs``."""
