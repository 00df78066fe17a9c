use palisade::sql::Value;

use super::DatabaseError;

/// A row as either database answers it, taken apart from the left.
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(super) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    pub(crate) fn text(&mut self) -> Result<String, DatabaseError> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(text),
            _ => Err("a column is not the text it should be".into()),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Option<Vec<u8>>, DatabaseError> {
        match self.0.next() {
            Some(Value::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Value::Null) => Ok(None),
            _ => Err("a column is not the bytes it should be".into()),
        }
    }

    pub(crate) fn integer(&mut self) -> Result<i64, DatabaseError> {
        match self.0.next() {
            Some(Value::Integer(number)) => Ok(number),
            _ => Err("a column is not the integer it should be".into()),
        }
    }
}
