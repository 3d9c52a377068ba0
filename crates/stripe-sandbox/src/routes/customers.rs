//! `/v1/customers`: create and retrieve, so that payments may name one.

use serde_json::Value;

use crate::call::Call;
use crate::error::Error;
use crate::ids;
use crate::objects::Customer;
use crate::params::Params;

/// A new customer.
pub fn create(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let customer = Customer {
        id: ids::id("cus"),
        created: call.now,
        description: params.text("description")?,
        email: params.text("email")?,
        name: params.text("name")?,
        phone: params.text("phone")?,
        metadata: params.metadata()?.of_new(),
    };
    params.finish()?;
    let json = customer.json();
    call.state.customers.put(customer)?;
    call.emit("customer.created", json.clone(), None)?;
    Ok(json)
}

/// The customer as they are.
pub fn retrieve(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    call.state.customers.find(id, "id").map(Customer::json)
}
