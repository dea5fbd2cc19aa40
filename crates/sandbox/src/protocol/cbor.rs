//! RPC v2 CBOR: the action in the path, CBOR both ways.

use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::decode::DeserializeError;
use aws_smithy_cbor::{Decoder, Encoder};
use aws_smithy_types::DateTime;
use serde_json::{Map, Number, Value};

use crate::call::Refusal;
use crate::wire::WireRequest;

/// How deep values may nest before they are refused.
const DEEPEST: usize = 32;

/// Reads action and input from `/service/<Service>/operation/<Action>`.
pub(super) fn read(request: &WireRequest) -> Result<(String, Value), Refusal> {
    let path = request.path.split('?').next().unwrap_or_default();
    let action = path.rsplit('/').next().unwrap_or_default().to_owned();
    if request.body.is_empty() {
        return Ok((action, Value::Object(Map::new())));
    }
    match value(&mut Decoder::new(&request.body), 0) {
        Ok(input @ Value::Object(_)) => Ok((action, input)),
        _ => Err(Refusal::new(
            400,
            "SerializationException",
            "the body is no CBOR map",
        )),
    }
}

fn value(decoder: &mut Decoder<'_>, depth: usize) -> Result<Value, DeserializeError> {
    if depth > DEEPEST {
        return Err(DeserializeError::custom(
            "nested too deeply",
            decoder.position(),
        ));
    }
    Ok(match decoder.datatype()? {
        Type::Bool => Value::Bool(decoder.boolean()?),
        Type::Null | Type::Undefined => {
            decoder.skip()?;
            Value::Null
        }
        Type::F16 | Type::F32 => number(f64::from(decoder.float()?)),
        Type::F64 => number(decoder.double()?),
        Type::U8
        | Type::U16
        | Type::U32
        | Type::U64
        | Type::I8
        | Type::I16
        | Type::I32
        | Type::I64
        | Type::Int => Value::Number(decoder.long()?.into()),
        Type::String | Type::StringIndef => Value::String(decoder.str()?.into_owned()),
        Type::Array | Type::ArrayIndef => {
            let count = decoder.list()?;
            let mut items = Vec::new();
            while more(decoder, count, items.len())? {
                items.push(value(decoder, depth + 1)?);
            }
            Value::Array(items)
        }
        Type::Map | Type::MapIndef => {
            let count = decoder.map()?;
            let mut members = Map::new();
            let mut read = 0;
            while more(decoder, count, read)? {
                let name = decoder.str()?.into_owned();
                members.insert(name, value(decoder, depth + 1)?);
                read += 1;
            }
            Value::Object(members)
        }
        Type::Tag => number(decoder.timestamp()?.as_secs_f64()),
        _ => {
            return Err(DeserializeError::custom(
                "unexpected type",
                decoder.position(),
            ));
        }
    })
}

/// Whether another element follows; eats the break of an indefinite one.
fn more(
    decoder: &mut Decoder<'_>,
    count: Option<u64>,
    read: usize,
) -> Result<bool, DeserializeError> {
    if let Some(count) = count {
        return Ok((read as u64) < count);
    }
    if decoder.datatype()? == Type::Break {
        decoder.skip()?;
        return Ok(false);
    }
    Ok(true)
}

fn number(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// Writes a result or an error.
pub(super) fn answer(result: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder, result);
    encoder.into_writer()
}

fn write(encoder: &mut Encoder, value: &Value) {
    match value {
        Value::Null => {
            encoder.null();
        }
        Value::Bool(truth) => {
            encoder.boolean(*truth);
        }
        Value::Number(number) => match number.as_i64() {
            Some(whole) => {
                encoder.long(whole);
            }
            None => {
                encoder.double(number.as_f64().unwrap_or_default());
            }
        },
        Value::String(text) => {
            encoder.str(text);
        }
        Value::Array(items) => {
            encoder.array(items.len());
            for item in items {
                write(encoder, item);
            }
        }
        Value::Object(members) => match members.get("$timestamp") {
            Some(seconds) if members.len() == 1 => {
                let seconds = seconds.as_f64().unwrap_or_default();
                encoder.timestamp(&DateTime::from_secs_f64(seconds));
            }
            _ => {
                let present = || members.iter().filter(|(_, member)| !member.is_null());
                encoder.map(present().count());
                for (name, member) in present() {
                    encoder.str(name);
                    write(encoder, member);
                }
            }
        },
    }
}
