"""Whether a plan is larger than its limits allow. Pure."""

from __future__ import annotations

from vsync.config.limits import Limits
from vsync.plan.lost_folders import told
from vsync.plan.plan import Plan
from vsync.system.wording import count

# --- Limits -------------------------------------------------------------------------------------------------

DEFAULT_MAX_UPLOADS = 2_000

DEFAULT_MAX_UPLOAD_BYTES = 500_000_000

_SHARE_FROM = 10


def refusal(plan: Plan, limits: Limits) -> str | None:
    """Why the plan must not be carried out: its numbers, the limit, and the option that overrides the limit. Or None."""
    if limits.force:
        return None
    if plan.bare:
        return (
            "The folder holds no document that is selected, and nothing was synced from it before. Check that its disk is mounted, "
            "and the include and exclude patterns. If that is meant, allow it with --force (input force)."
        )
    problems = [text for text in (_too_many_deletes(plan, limits), _too_many_uploads(plan, limits)) if text]
    return " ".join(problems) or None


def _too_many_deletes(plan: Plan, limits: Limits) -> str | None:
    # What another target of the store has taken over is not lost, as with a rename.
    deletes, existing = sum(op.path not in plan.handed for op in plan.deletes), plan.existing
    if not deletes:
        return None
    dropped = len(plan.dropped)
    what = f"The plan deletes {deletes:,} of {count(existing, 'document')}"
    if dropped:
        what += f" ({dropped:,} of them because {_NO_LONGER}: see the skipped files)"
    if limits.max_deletes is not None:
        allowed = limits.max_deletes
        return f"{what}; max-delete allows {allowed:,}. {_delete_remedy(deletes)}" if deletes > allowed else None
    if limits.max_delete_percent is not None:
        percent = limits.max_delete_percent
        too_many = deletes * 100 > percent * existing
        return f"{what}; max-delete allows {percent:g}%. {_delete_remedy(deletes)}" if too_many else None
    if deletes == existing and len(plan.operations) == deletes and not dropped:
        why = "no file is selected any more: check the include and exclude patterns"
        return f"{what}, which is all of them, because {why}. {_delete_remedy(deletes)}"
    if deletes == existing:
        return f"{what}, which is all of them. {_delete_remedy(deletes)}"
    if existing >= _SHARE_FROM and deletes * 2 > existing:
        return f"{what}, which is more than half. {_delete_remedy(deletes)}"
    if plan.lost:
        return f"{what}, because {told(plan.lost)}: check that its disk is mounted. {_delete_remedy(deletes)}"
    return None


_NO_LONGER = "the file can no longer be a document"


def _amount(size: int) -> str:
    return f"{size:,} bytes" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"


def _delete_remedy(deletes: int) -> str:
    return f"If that is meant, allow it with --max-delete {deletes} (input max-delete) or --force (input force)."


def _too_many_uploads(plan: Plan, limits: Limits) -> str | None:
    uploads, size = len(plan.of("upload", "replace")), plan.upload_bytes
    max_uploads = DEFAULT_MAX_UPLOADS if limits.max_uploads is None else limits.max_uploads
    max_bytes = DEFAULT_MAX_UPLOAD_BYTES if limits.max_upload_bytes is None else limits.max_upload_bytes
    problems, allowed = [], []
    if uploads > max_uploads:
        problems.append(f"{count(uploads, 'document')}; the limit is {max_uploads:,}")
        allowed.append(str(uploads))
    if size > max_bytes:
        problems.append(f"{_amount(size)}; the limit is {_amount(max_bytes)}")
        allowed.append(f"{-(-size // 1_000_000)}MB")
    if not problems:
        return None
    return (
        f"The plan uploads {', and '.join(problems)}. "
        f"If that is meant, allow it with --max-upload {','.join(allowed)} (input max-upload) or --force (input force)."
    )
