from uuid import uuid4
from libs.common.store import Store
from libs.common.migrations import migrate
from services.api.tables import RequestRow, table_of
from libs.common.clock import utc_now
from sqlalchemy.dialects import postgresql
from libs.common.inbox import inbox
def test_x(postgres_url):
    st=Store(postgres_url); migrate(st,"services.api.migrations")
    i=uuid4(); t=table_of(RequestRow); v={"id":i,"user_id":i,"kind":"x","fingerprint":"y","created_at":utc_now()}
    with st.begin() as s:
      for _ in range(2):
        base=postgresql.insert(t).values(**v).on_conflict_do_nothing(index_elements=["id"])
        r=s.connection().execute(base); print("plain", r.rowcount, r.returns_rows, r.context.compiled.string[-80:])
        r=s.connection().execute(base, execution_options={"preserve_rowcount":True}); print("preserve", r.rowcount)
        r=s.connection().execute(base.returning(t.c.id)); print("returning", r.one_or_none())
        r=s.connection().execute(postgresql.insert(inbox).values(message_id="a",received_at=utc_now()).on_conflict_do_nothing(index_elements=["message_id"])); print("inbox", r.rowcount)
        r=s.connection().execute(postgresql.insert(t).values(**v).on_conflict_do_update(index_elements=["id"], set_={"kind":"z"})); print("update", r.rowcount)
